"""Writes and reads event files with TensorBoard's own code; prints what it reads: `SEEN {…}`.

Runs in the environment of the peers: `python tensorboard_files.py write|read FOLDER`.
"""

import json
import sys
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.scalar import metadata as scalar
from tensorboard.plugins.text import metadata as text
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util.tensor_util import make_tensor_proto


def told(tag: str, **more) -> summary_pb2.Summary:
    return summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, **more)])


def session(**params) -> summary_pb2.Summary:
    info = plugin_data_pb2.SessionStartInfo()
    for key, value in params.items():
        kind = {bool: "bool_value", str: "string_value"}.get(type(value), "number_value")
        setattr(info.hparams[key], kind, value)
    data = plugin_data_pb2.HParamsPluginData(session_start_info=info)
    return told(hparams.SESSION_START_INFO_TAG, metadata=hparams.create_summary_metadata(data))


def write(folder: Path) -> None:
    """A run as TensorFlow 1 and torch write it, one as TensorFlow 2 does."""
    first = EventFileWriter(str(folder / "torch"))
    for step in range(200):
        summary = told("loss/train", simple_value=1 / (step + 1))
        first.add_event(event_pb2.Event(wall_time=1000.0 + step, step=step, summary=summary))
    params = session(lr=0.25, net="small", flip=True)
    first.add_event(event_pb2.Event(wall_time=1000.0, summary=params))
    first.close()
    second = EventFileWriter(str(folder / "deep" / "tf2"))
    metadata = {"metadata": scalar.create_summary_metadata("", "")}
    for step in range(10):
        summary = told("accuracy", tensor=make_tensor_proto(np.float32(step / 10)), **metadata)
        second.add_event(event_pb2.Event(wall_time=2000.5, step=-step, summary=summary))
        metadata = {}
    note = make_tensor_proto("hello"), text.create_summary_metadata("", "")
    summary = told("note", tensor=note[0], metadata=note[1])
    second.add_event(event_pb2.Event(wall_time=2001.0, summary=summary))
    second.close()


def read(folder: Path) -> dict:
    accumulated = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulated.Reload()
    said = accumulated.SummaryMetadata(hparams.SESSION_START_INFO_TAG)
    data = plugin_data_pb2.HParamsPluginData.FromString(said.plugin_data.content)
    return {
        "scalars": {
            tag: [[each.step, each.wall_time, each.value] for each in accumulated.Scalars(tag)]
            for tag in accumulated.Tags()["scalars"]
        },
        "params": {
            key: value.number_value if value.HasField("number_value") else value.string_value
            for key, value in data.session_start_info.hparams.items()
        },
    }


if sys.argv[1] == "write":
    write(Path(sys.argv[2]))
    print("SEEN {}")
else:
    print("SEEN " + json.dumps(read(Path(sys.argv[2]))))
