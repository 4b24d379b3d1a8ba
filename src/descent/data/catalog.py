"""The data sets known by name: where to get their files, and what their images show.

The Snakefile imports this module at every start, so it must stay light.
"""

import string
from dataclasses import dataclass, field

#: Mean and standard deviation of MNIST's training pixels, scaled to [0, 1], as in the lab.
MNIST_NORMALIZATION = (0.1307, 0.3081)


@dataclass(frozen=True)
class Dataset:
    """What is known about a data set before its files are fetched.

    Attributes
    ----------
    sources : tuple of str
        Folders and URLs, tried in this order unless the user gives others.
    checksums : dict
        Maps the file name of each archive to `<algorithm>:<digest>`. Four archives are the gzipped
        raw files; a single archive is a zip file that contains them.
    contents : dict
        Maps the names of raw files to the SHA-256 of what is in them, where it is known: files that
        were unpacked, or gzipped anew, are told by it.
    normalization : (float, float) or None
        Mean and standard deviation for normalizing the images; None: those of the training images,
        computed when they are prepared.
    classes : tuple of str or None
        Names of the labels 0, 1, ...; None: the labels themselves.
    """

    sources: tuple = ()
    checksums: dict = field(default_factory=dict)
    contents: dict = field(default_factory=dict)
    normalization: tuple | None = None
    classes: tuple | None = None


#: EMNIST's splits, with the names of their labels. The balanced one has digits, capital letters,
#: and the small letters that look different; the labels of letters begin with 1.
_MERGED = tuple(string.digits + string.ascii_uppercase + "abdefghnqrt")
EMNIST_SPLITS = {
    "balanced": _MERGED,
    "byclass": tuple(string.digits + string.ascii_uppercase + string.ascii_lowercase),
    "bymerge": _MERGED,
    "digits": tuple(string.digits),
    "letters": ("N/A", *string.ascii_lowercase),
    "mnist": tuple(string.digits),
}


def _gzipped(algorithm, train_images, train_labels, test_images, test_labels):
    return {
        "train-images-idx3-ubyte.gz": f"{algorithm}:{train_images}",
        "train-labels-idx1-ubyte.gz": f"{algorithm}:{train_labels}",
        "t10k-images-idx3-ubyte.gz": f"{algorithm}:{test_images}",
        "t10k-labels-idx1-ubyte.gz": f"{algorithm}:{test_labels}",
    }


#: URLs and MD5 checksums are torchvision's (torchvision/datasets/mnist.py).
DATASETS = {
    "mnist": Dataset(
        sources=(
            "../shared/mnist",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        checksums=_gzipped(
            "sha256",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
        contents={
            "train-images-idx3-ubyte": (
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
            ),
            "train-labels-idx1-ubyte": (
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
            ),
            "t10k-images-idx3-ubyte": (
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
            ),
            "t10k-labels-idx1-ubyte": (
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
            ),
        },
        normalization=MNIST_NORMALIZATION,
    ),
    "fashion_mnist": Dataset(
        sources=(
            "../shared/fashion_mnist",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        checksums=_gzipped(
            "md5",
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
    ),
    "kmnist": Dataset(
        sources=("../shared/kmnist", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
        checksums=_gzipped(
            "md5",
            "bdb82020997e1d708af4cf47b453dcf7",
            "e144d726b3acfaa3e44228e80efcd344",
            "5c965bf0a639b31b8f53240b1b52f4d7",
            "7320c461ea6c1c855c0b718fb2a4b134",
        ),
        classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    ),
    "emnist": Dataset(
        sources=("../shared/emnist", "https://biometrics.nist.gov/cs_links/EMNIST/"),
        checksums={"gzip.zip": "md5:58c8d27c78d21e728a6bc7b3cc06412e"},
        classes=EMNIST_SPLITS["balanced"],
    ),
    "digits": Dataset(),
    "idx": Dataset(),
}
