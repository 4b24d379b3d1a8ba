"""Data: from the files of a data set to tensors.

In: four IDX files from a folder, a URL, scikit-learn or the user, or files in other forms. Out: the
lab's loaders, and a file of prepared tensors, which training maps into memory.

`catalog` lists the known data sets, and `download` fetches their files. `own` finds a user's files,
`recognize` says what they are, and `unpack` makes raw files of them; `convert` makes such files
from what `readers` read. `idx` is their format. `prepare` writes the prepared tensors, `keep`
keeps them for an experiment, and `prepared` reads them.
"""
