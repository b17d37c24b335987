"""A training as a process of its own: PLACE ADDRESS EXCHANGE FOLDER; told steps and weights go into the folder."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cluster_jobs
import numpy as np
from mortal_network import Paced

from mizaj.learn.train import train

PACE_S = 0.02


def main() -> None:
    place, address, exchange, room = sys.argv[1:]
    folder = Path(room)

    def tell(figures: Mapping[str, Any]) -> None:
        with (folder / "steps").open("a") as told:
            told.write(f"{figures['step']}\n")

    job = cluster_jobs.job(
        on=place,
        address=address or None,
        exchange=exchange,
        epochs=60,
        patience=60,
        checkpoint=str(folder / "kept"),
        checkpoint_every=10,
    )
    trained = train(replace(job, module=Paced(job.module, PACE_S)), tell)
    state = {name: each.numpy() for name, each in trained.module.state_dict().items()}
    np.savez(folder / "weights.npz", steps=trained.steps, **state)


if __name__ == "__main__":
    main()
