"""Data: from the files of a data set to tensors.

In: four IDX files from a folder, a URL, scikit-learn or the user. Out: the lab's loaders, and
`prepared.safetensors`, which training maps into memory.

`catalog` lists the known data sets, `download` fetches their files, `idx` checks the format,
`prepare` writes the prepared tensors, and `prepared` reads them.
"""
