"""DICOM: pictures out as a series of Secondary Capture; in like any picture."""
