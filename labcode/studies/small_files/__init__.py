"""The study *small files*: how few bytes a network takes that answers as well as LeNet-5."""
