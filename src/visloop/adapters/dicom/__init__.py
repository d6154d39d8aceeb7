"""DICOM through pydicom: the entry points `dicom` of `visloop.media` and `visloop.dicom`."""
