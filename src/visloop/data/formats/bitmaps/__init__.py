"""Masks as pictures: PNGs of class numbers or colours, of instances, or one PNG an object."""
