"""Pascal VOC: an XML file beside each picture, lists of names for the splits, class masks."""
