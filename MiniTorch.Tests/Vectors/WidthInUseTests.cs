using System.Globalization;
using System.Runtime.Intrinsics;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

/// <summary>
/// The vector width that kernels run with: the processor's widest, or the one that MINITORCH_VECTOR_BITS names. .ci/run tests other widths too,
/// with the variable and with DOTNET_EnableAVX512=0, which makes the processor one without 512-bit vectors.
/// </summary>
public class WidthInUseTests
{
    const string Expected = "MINITORCH_VECTOR_BITS";

    struct WidthJob : IVectorJob<float>
    {
        public int Lanes;

        public void Run<V>() where V : struct, IVector<V, float> => Lanes = V.Count;
    }

    [Test]
    public void Kernels_run_with_the_width_that_was_asked_for()
    {
        var job = new WidthJob();
        Simd.Run<WidthJob, float>(ref job);
        int bits = job.Lanes == 1 ? 0 : job.Lanes * 32;
        bits.ShouldBe(Simd.Bits);
        if (Environment.GetEnvironmentVariable(Expected) is { Length: > 0 } wanted) bits.ToString(CultureInfo.InvariantCulture).ShouldBe(wanted);
        else bits.ShouldBe(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0);
        TestContext.Out.WriteLine($"{bits} bits ({Expected} chooses; 0 for one lane)");
    }
}
