using BenchmarkDotNet.Running;
using MiniTorch.Benchmarks.Quick;

if (args is ["quick" or "memory", ..]) return QuickMode.Run(args);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
