"""The troubles of depth: what passes through a network, what is wrong with it, and what may help."""

from nn.diagnosis.diagnosing import Diagnosis, diagnose
from nn.diagnosis.findings import Cure, Finding
from nn.diagnosis.measuring import LayerMeasures, Measurement, measure
from nn.diagnosis.monitoring import Monitor

__all__ = ["Cure", "Diagnosis", "Finding", "LayerMeasures", "Measurement", "Monitor", "diagnose", "measure"]
