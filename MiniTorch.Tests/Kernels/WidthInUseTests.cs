using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

/// <summary>
/// The vector width that kernels run with. .ci/run tests the narrower ones too, in processes where the runtime is told to leave wider ones alone
/// (DOTNET_EnableAVX512=0, DOTNET_EnableAVX2=0, DOTNET_EnableHWIntrinsic=0), and names the width that must then be in use.
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
        if (Environment.GetEnvironmentVariable(Expected) is { } wanted) bits.ShouldBe(int.Parse(wanted, System.Globalization.CultureInfo.InvariantCulture));
        TestContext.Out.WriteLine($"{bits} bits ({Expected} names the width that must be in use; 0 for one lane)");
    }
}
