"""The table of formats: one entry makes a format known to `add` and `export` alike."""

from __future__ import annotations

import os
from typing import Final

from visloop.data.formats.bitmaps.reading import read_masks, recognises_masks
from visloop.data.formats.bitmaps.writing import export_masks
from visloop.data.formats.coco.reading import read_coco, recognises_coco
from visloop.data.formats.coco.writing import export_coco
from visloop.data.formats.cvat.reading import read_cvat, recognises_cvat
from visloop.data.formats.cvat.writing import export_cvat, export_cvat_video
from visloop.data.formats.datumaro.reading import read_datumaro, recognises_datumaro
from visloop.data.formats.datumaro.writing import export_datumaro
from visloop.data.formats.dicom.writing import export_dicom
from visloop.data.formats.folder import read_class_folders, read_folder, read_images
from visloop.data.formats.folders_out import export_class_folders, export_images
from visloop.data.formats.huggingface.reading import (
    read_huggingface,
    recognises_huggingface,
)
from visloop.data.formats.huggingface.writing import export_huggingface
from visloop.data.formats.label_studio.reading import (
    read_label_studio,
    recognises_label_studio,
)
from visloop.data.formats.label_studio.writing import export_label_studio
from visloop.data.formats.mot.places import recognises_mot
from visloop.data.formats.mot.reading import read_mot
from visloop.data.formats.mot.writing import export_mot
from visloop.data.formats.records import CARRIED, Format
from visloop.data.formats.table.reading import read_table, recognises_table
from visloop.data.formats.table.writing import export_table
from visloop.data.formats.voc.reading import read_voc, recognises_voc
from visloop.data.formats.voc.writing import export_voc
from visloop.data.formats.yolo import writing as yolo
from visloop.data.formats.yolo.darknet import export_darknet
from visloop.data.formats.yolo.layout import recognises_yolo
from visloop.data.formats.yolo.reading import read_yolo

_EVERYTHING: Final = frozenset(CARRIED)
_VOC: Final = frozenset(
    ("images", "negatives", "splits", "class labels", "boxes", "classes", "attributes", "ignore")
)
_ENTRIES: Final = (
    Format(
        "voc", "a Pascal VOC folder (Annotations/*.xml)", recognises_voc, read_voc, export_voc, _VOC
    ),
    Format(
        "cvat",
        "CVAT for images or video 1.1 (annotations.xml, images/)",
        recognises_cvat,
        read_cvat,
        export_cvat,
        _EVERYTHING,
    ),
    Format(
        "cvat-video",
        "CVAT for video 1.1 (annotations.xml, images/frame_000000.jpg …)",
        recognises_cvat,
        read_cvat,
        export_cvat_video,
        _EVERYTHING,
    ),
    Format(
        "mot",
        "MOT Challenge (gt/gt.txt, img1/000001.jpg …, or a folder of such sequences)",
        recognises_mot,
        read_mot,
        export_mot,
        _EVERYTHING,
    ),
    Format(
        "datumaro",
        "Datumaro JSON (annotations/*.json, images/)",
        recognises_datumaro,
        read_datumaro,
        export_datumaro,
        _EVERYTHING,
    ),
    Format(
        "label-studio",
        "Label Studio (a .json of tasks, or a folder with one)",
        recognises_label_studio,
        read_label_studio,
        export_label_studio,
        _EVERYTHING,
    ),
    Format(
        "huggingface",
        "Hugging Face imagefolder (folders with metadata.jsonl, .csv or .parquet)",
        recognises_huggingface,
        read_huggingface,
        export_huggingface,
        _EVERYTHING,
    ),
    Format(
        "coco",
        "COCO (a .json, or a folder with one)",
        recognises_coco,
        read_coco,
        export_coco,
        _EVERYTHING,
    ),
    *(
        Format(f"yolo{kind}", f"YOLO{title}", recognises_yolo, read_yolo, write, _EVERYTHING)
        for kind, title, write in (
            ("", " (a data.yaml, obj.data, or a folder with label files)", yolo.export_yolo),
            ("-detect", " boxes", yolo.export_detect),
            ("-segment", " outlines", yolo.export_segment),
            ("-obb", " turned boxes", yolo.export_obb),
            ("-pose", " key points", yolo.export_pose),
            ("-classify", " classes of whole pictures", yolo.export_classify),
            ("-darknet", " as Darknet keeps it", export_darknet),
        )
    ),
    Format(
        "csv",
        "a table (.csv, or a folder with one) that names pictures",
        recognises_table,
        read_table,
        export_table,
        _EVERYTHING,
    ),
    Format(
        "masks",
        "mask pictures (images/ beside masks/)",
        recognises_masks,
        read_masks,
        export_masks,
        _EVERYTHING,
    ),
    Format("folder", "files and folders", os.path.exists, read_folder),
    Format(
        "class-folders",
        "folders that are classes",
        os.path.exists,
        read_class_folders,
        export_class_folders,
        frozenset(("images",)),
    ),
    Format(
        "dicom",
        "DICOM files, pictures alone (out: a series of Secondary Capture)",
        os.path.exists,
        read_images,
        export_dicom,
        frozenset(("images",)),
    ),
    Format(
        "images",
        "pictures without labels",
        os.path.exists,
        read_images,
        export_images,
        frozenset(("images", "paths")),
    ),
)
FORMATS: Final[dict[str, Format]] = {each.name: each for each in _ENTRIES}
"""Asked in this order by `auto`: the first that recognises a path reads it."""
