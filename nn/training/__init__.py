"""Training: gradients of mini-batches, the loop around them, and what can be hung onto it."""

from nn.training.callbacks import Callback, ClipGradNorm, EarlyStopping
from nn.training.evaluating import evaluate, predict
from nn.training.fitting import fit
from nn.training.history import History
from nn.training.run import Run

__all__ = ["Callback", "ClipGradNorm", "EarlyStopping", "History", "Run", "evaluate", "fit", "predict"]
