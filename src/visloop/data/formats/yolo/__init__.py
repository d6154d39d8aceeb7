"""YOLO: a line of numbers an object, in the layouts of Ultralytics and of Darknet."""
