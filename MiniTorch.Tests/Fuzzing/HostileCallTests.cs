using System.Reflection;

namespace MiniTorch.Tests.Fuzzing;

/// <summary>Whatever public methods are called with, they give a result or an error of the library, and so do backward and printing; .ci/run does it with fences around every block too.</summary>
[NonParallelizable]
internal sealed class HostileCallTests
{
    private const int Calls = 10_000;
    private const long MostElements = 4_000_000;

    [Test]
    public void Any_arguments_give_a_result_or_an_error_of_the_library()
    {
        PublicCall.All.Length.ShouldBeGreaterThan(250, "methods");
        int refused = 0;
        Storage.Substitute = Modest;
        try
        {
            for (int seed = 0; seed < Calls; seed++)
                if (!IsAccepted(seed)) refused++;
        }
        finally
        {
            Storage.Substitute = null;
        }
        refused.ShouldBeInRange(Calls / 4, Calls * 3 / 4, "calls that make sense and calls that do not");
    }

    // No test machine has the memory for all of the sizes that are asked for.
    private static NativeStorage Modest(DType dtype, long count) =>
        count <= MostElements ? new NativeStorage(dtype, count * dtype.Size()) : throw new MiniTorchException($"{count} elements are too many for a test");

    private static bool IsAccepted(int seed)
    {
        var arguments = new HostileArguments(seed);
        PublicCall call = PublicCall.All[seed % PublicCall.All.Length];
        try
        {
            object? result = call.Call.DynamicInvoke([.. call.Types.Select(arguments.Make)]);
            foreach (Tensor tensor in result is Tensor one ? [one] : result as Tensor[] ?? [])
            {
                if (tensor.RequiresGrad) tensor.Sum().Backward(retainGraph: true);
                tensor.ToString().ShouldStartWith("tensor(");
            }
            return true;
        }
        catch (MiniTorchException)
        {
            return false;
        }
        catch (TargetInvocationException error)
        {
            error.InnerException.ShouldBeAssignableTo<MiniTorchException>($"call {seed}, {call.Name}");
            return false;
        }
    }
}
