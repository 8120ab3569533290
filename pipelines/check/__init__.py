"""Looking a data set through for damage, and making what is damaged again."""

from pipelines.check.dataset import Findings, check
from pipelines.check.problem import Problem, Problems
from pipelines.check.repair import repair

__all__ = ["Findings", "Problem", "Problems", "check", "repair"]
