"""MOT Challenge: sequences of numbered frames with the boxes of tracks, `gt/gt.txt`."""
