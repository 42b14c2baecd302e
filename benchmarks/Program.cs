using BenchmarkDotNet.Running;
using MiniTorch.Benchmarks;
using MiniTorch.Benchmarks.Quick;

if (args is ["quick" or "memory", ..]) return QuickMode.Run(args);
if (args is ["soak", ..]) return Soak.Run(args[1..]);
if (args is ["linear-cross-entropy", ..]) return LinearCrossEntropyMemory.Run(args[1..]);
if (args is ["shape-checks"]) return ShapeChecks.Run();
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
