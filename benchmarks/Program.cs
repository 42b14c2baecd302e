using BenchmarkDotNet.Running;
using MiniTorch.Benchmarks.Quick;

if (args is ["quick", ..]) return QuickMode.Run(args[1..]);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
