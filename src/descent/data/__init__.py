"""Data: from the files of a data set to tensors.

In: four IDX files from a folder, an address, scikit-learn or the user. Out: the lab's loaders, and
`prepared.safetensors`, which training maps into memory.

`catalog` knows data sets by name, `download` fetches their files, `idx` checks the format,
`prepare` writes the prepared tensors, `prepared` reads them.
"""
