"""Copies in a source, exact and near: all of them in passes over files, or those of late in a stream."""
