using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using MiniTorch.Benchmarks;
using MiniTorch.Benchmarks.Ops;
using MiniTorch.Benchmarks.Quick;

if (args is ["quick" or "memory", ..]) return QuickMode.Run(args);
if (args is ["ops", ..]) return OpRace.Run(args[1..]);
if (args is ["soak", ..]) return Soak.Run(args[1..]);
if (args is ["linear-cross-entropy", ..]) return LinearCrossEntropyMemory.Run(args[1..]);
if (args is ["distributed", var shards])
{
    Distributed.Run(int.Parse(shards, System.Globalization.CultureInfo.InvariantCulture));
    return 0;
}
if (args is ["shape-checks"]) return ShapeChecks.Run();

// The benchmark's own build takes more than the default two minutes beside other work.
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly)
    .Run(args, ManualConfig.Create(DefaultConfig.Instance).WithBuildTimeout(TimeSpan.FromMinutes(10)));
return 0;
