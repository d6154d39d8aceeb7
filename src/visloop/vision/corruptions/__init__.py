"""What cameras, weather and networks do to pictures, at five severities: pure functions on pixels.

The fifteen of Hendrycks & Dietterich 2019 ("Benchmarking Neural Network Robustness to Common
Corruptions and Perturbations"), by that paper's severities, and `darkness`. `every` lists them.
"""
