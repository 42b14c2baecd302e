Console.WriteLine("benchmarks: quick <workload> [--threads N]");
