"""A report as one HTML file: tables, charts as SVG, pictures inside; no script, no server, no net."""
