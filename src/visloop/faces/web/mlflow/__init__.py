"""MLflow's REST protocol, translated: its client logs to this server as to its own.

Runs, experiments, metrics, files and models are ours: what MLflow's client wrote stands in every list,
query and page, and what our recipes wrote is read by it. Tried with the client of MLflow 3.17.
Source: mlflow/protos/service.proto, model_registry.proto, mlflow_artifacts.proto (Apache-2.0).
"""
