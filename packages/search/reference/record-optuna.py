"""Records Optuna's multivariate Parzen estimator and its PED-ANOVA.

    python record-optuna.py

writes optuna.json beside it: log densities of estimators over a space with every kind of setting, and importances of
settings in studies. Optuna 4.8.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_gamma, default_weights

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

SPACE = {
    "learningRate": FloatDistribution(1e-5, 1e-1, log=True),
    "dropout": FloatDistribution(0.0, 0.5),
    "layers": IntDistribution(1, 9),
    "width": IntDistribution(4, 256, log=True),
    "optimizer": CategoricalDistribution(["adamw", "lion", "sgd"]),
}


def draw(rng):
    return {
        "learningRate": float(10 ** rng.uniform(-5, -1)),
        "dropout": float(rng.uniform(0, 0.5)),
        "layers": int(rng.integers(1, 10)),
        "width": int(round(np.exp(rng.uniform(np.log(4), np.log(256))))),
        "optimizer": ["adamw", "lion", "sgd"][rng.integers(3)],
    }


def internal(points):
    return {name: np.array([dist.to_internal_repr(p[name]) for p in points]) for name, dist in SPACE.items()}


def estimator(rng, count):
    points = [draw(rng) for _ in range(count)]
    at = [draw(rng) for _ in range(12)]
    # By name: versions of Optuna have other fields.
    fields = {
        "consider_prior": True,
        "prior_weight": 1.0,
        "consider_magic_clip": True,
        "consider_endpoints": False,
        "weights": default_weights,
        "multivariate": True,
        "categorical_distance_func": {},
    }
    parameters = _ParzenEstimatorParameters(**{name: fields[name] for name in _ParzenEstimatorParameters._fields})
    found = _ParzenEstimator(internal(points), SPACE, parameters).log_pdf(internal(at))
    return {"points": points, "at": at, "logDensities": found.tolist()}


def study(rng, count, figure):
    created = optuna.create_study()
    outcomes = []
    for _ in range(count):
        point = draw(rng)
        value = float(figure(point))
        outcomes.append({"point": point, "value": value})
        created.add_trial(optuna.trial.create_trial(params=point, distributions=SPACE, value=value))
    importance = optuna.importance.get_param_importances(created, evaluator=PedAnovaImportanceEvaluator())
    return {"outcomes": outcomes, "importance": importance}


rng = np.random.default_rng(1)
recorded = {
    "optuna": optuna.__version__,
    "estimators": [estimator(rng, count) for count in (1, 3, 20, 40, 120)],
    "goodOf": [[n, int(default_gamma(n))] for n in (1, 9, 10, 11, 100, 400)],
    "weightsOf": [[n, default_weights(n).tolist()] for n in (3, 25, 26, 40)],
    "studies": [
        study(rng, 40, lambda p: (np.log10(p["learningRate"]) + 3) ** 2 + 0.1 * p["dropout"]),
        study(rng, 100, lambda p: abs(p["layers"] - 4) + (p["optimizer"] != "lion")),
        study(rng, 200, lambda p: abs(np.log(p["width"] / 64)) + 0.3 * abs(np.log10(p["learningRate"]) + 2)),
    ],
}
Path(__file__).with_name("optuna.json").write_text(json.dumps(recorded))
