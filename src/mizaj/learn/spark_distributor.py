"""Spark's TorchDistributor, without its server for what workers print; needs the `spark` extra.

That server listens at every address of this machine to whoever comes, at a port it sought a moment before: where
another program has taken the port meanwhile, it prints a trace and nobody listens. Our workers are heard by
`mizaj.learn.ear`; what they print stays in the logs of their executors.
"""

from __future__ import annotations

from pyspark.ml.torch.distributor import TorchDistributor


class QuietDistributor(TorchDistributor):  # type: ignore[misc] # Spark has no types
    """Opens no port, prints nothing, gives nothing back.

    A subclass, since Spark offers no setting for it; a test fails where a new version calls something else.
    """

    def _run_distributed_training(  # what `run` calls
        self, wrapper: object, trained: object, run_file: object, rows: None, *carried: object
    ) -> None:
        self.driver_address, self.log_streaming_server_port = "", -1
        work = self._get_spark_task_function(wrapper, trained, run_file, rows, *carried)
        self._check_encryption()
        tasks = self.spark.range(0, self.num_tasks, 1, self.num_tasks)
        tasks.mapInArrow(work, "chunk binary", barrier=True).collect()
