"""How far people agree who label the same pictures: figures, objects matched, answers merged."""
