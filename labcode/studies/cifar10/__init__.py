"""The study *CIFAR-10*: the techniques of the book on small photographs, with ResNet-8."""
