"""LeNet-5, with ReLU and maximum pooling as it is written today."""

from torch import nn


class LeNet(nn.Module):
    """Two convolutions, each with pooling after it, and three linear layers.

    The sizes are those of LeNet-5 (LeCun, Bottou, Bengio and Haffner, Gradient-based learning
    applied to document recognition, Proceedings of the IEEE 86, 1998, section II.B): 6 and 16 maps
    of 5 x 5 kernels, then 120 and 84 units. The original has tanh, subsampling with trained
    weights, partial connections and radial basis functions in their places.

    Parameters
    ----------
    image_shape : (int, int, int)
        Channels, height and width.
    n_classes : int
    batch_norm : bool
        Whether batch normalization follows each convolution, before ReLU (Ioffe and Szegedy, Batch
        normalization, ICML 2015).
    dropout : float
        Probability that a unit of the linear layers is left out in training (Srivastava et al.,
        Dropout, JMLR 15, 2014); 0 for no dropout.

    Raises
    ------
    ValueError
        If the images are smaller than 12 x 12: nothing would be left of them.
    """

    def __init__(self, image_shape, n_classes, batch_norm=False, dropout=0.0):
        super().__init__()
        channels, height, width = image_shape
        if min(height, width) < 12:
            raise ValueError(f"LeNet needs images of at least 12 x 12, not {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 6, kernel_size=5, padding=2)
        self.norm1 = nn.BatchNorm2d(6) if batch_norm else nn.Identity()
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.norm2 = nn.BatchNorm2d(16) if batch_norm else nn.Identity()
        rest = [(size // 2 - 4) // 2 for size in (height, width)]
        self.linear1 = nn.Linear(16 * rest[0] * rest[1], 120)
        self.linear2 = nn.Linear(120, 84)
        self.linear3 = nn.Linear(84, n_classes)
        self.relu, self.pool = nn.ReLU(), nn.MaxPool2d(2)
        self.dropout = nn.Dropout(dropout)

    def forward(self, images):
        """Compute the logits (images, classes) of images (images, channels, height, width)."""
        maps = self.pool(self.relu(self.norm1(self.conv1(images))))
        maps = self.pool(self.relu(self.norm2(self.conv2(maps))))
        units = self.dropout(self.relu(self.linear1(maps.flatten(1))))
        units = self.dropout(self.relu(self.linear2(units)))
        return self.linear3(units)
