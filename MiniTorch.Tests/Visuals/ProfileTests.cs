using System.Text.Json;
using MiniTorch.Nn;
using MiniTorch.Tests.Files;

namespace MiniTorch.Tests.Visuals;

/// <summary>A profile counts the calls, the time and the memory of operations and modules, forward and backward.</summary>
internal sealed class ProfileTests
{
    private static readonly Sequential s_model = new(new Linear(6, 5), new Tanh(), new Sequential(new Linear(5, 3)));

    private static void Step() => Functional.CrossEntropy(s_model.Call(Tensor.Ones([4, 6])), Tensor.Zeros([4], DType.Int64)).Backward();

    [Test]
    public void Operations_and_modules_are_counted_in_both_directions()
    {
        ProfileReport profile = Profile.Run(Step);
        ProfileRow tanh = profile.Operations.Single(row => row.Name == "Tanh");
        (tanh.ForwardCalls, tanh.ForwardBytes, tanh.BackwardCalls, tanh.BackwardBytes).ShouldBe((1, 4 * 5 * 4, 1, 4 * 5 * 4));
        profile.Modules.Select(row => row.Name).ShouldBe(["Sequential", "Sequential.0", "Sequential.1", "Sequential.2", "Sequential.2.0"]);
        ProfileRow[] modules = [.. profile.Modules];
        modules[3].ShouldBe(modules[4] with { Name = "Sequential.2" });
        modules[0].ForwardTime.ShouldBe(modules[1].ForwardTime + modules[2].ForwardTime + modules[3].ForwardTime);
        modules[0].BackwardTime.ShouldBe(modules[1].BackwardTime + modules[2].BackwardTime + modules[3].BackwardTime);
        modules.ShouldAllBe(row => row.ForwardCalls > 0 && row.BackwardCalls > 0);
        ((double)(profile.Elapsed - profile.Other).Ticks).ShouldBe(profile.Operations.Sum(row => row.Time.Ticks), 0.5);
        profile.Other.ShouldBeGreaterThan(TimeSpan.Zero);
        $"{profile}".ShouldMatch(@"^operation +ms +\| forward: calls +ms +MB \| backward: calls +ms +MB\n");
        $"{profile}".ShouldMatch(@"(?m)^Sequential\.2\.0 +\d+\.\d{3} \|");
    }

    [Test]
    public void What_an_operation_computes_with_is_part_of_it()
    {
        Tensor x = Tensor.Ones([3], requiresGrad: true);
        ProfileReport profile = Profile.Run(() => ((x * x).Sum() + x.Sum()).Backward());
        profile.Operations.Sum(row => row.ForwardCalls).ShouldBe(4);
        profile.Operations.Single(row => row.Name == "Multiply").BackwardCalls.ShouldBeGreaterThanOrEqualTo(1);
        profile.Modules.ShouldBeEmpty();
        ProfileRow view = Profile.Run(() => Tensor.Ones([3, 4]).T.Sum()).Operations.Single(row => row.Name == "Permute");
        view.ForwardBytes.ShouldBe(0);
    }

    [Test]
    public void Trace_file_has_every_call_inside_its_caller()
    {
        using var folder = new TemporaryFolder();
        ProfileReport profile = Profile.Run(Step);
        profile.SaveTrace(folder["trace.json"]);
        using JsonDocument trace = JsonDocument.Parse(File.ReadAllBytes(folder["trace.json"]));
        JsonElement[] events = [.. trace.RootElement.GetProperty("traceEvents").EnumerateArray()];
        events.ShouldAllBe(call => call.GetProperty("ph").GetString() == "X" && call.GetProperty("dur").GetDouble() >= 0);
        Interval("Sequential.2").Contains(Interval("Sequential.2.0")).ShouldBeTrue();
        Interval("Sequential.1").Contains(Interval("Tanh")).ShouldBeTrue();
        Interval("Tanh").Contains(Interval("Tanh backward")).ShouldBeFalse();
        events.Single(call => call.GetProperty("name").GetString() == "Tanh backward").GetProperty("args").GetProperty("module").GetString()
            .ShouldBe("Sequential.1");
        events.Select(call => call.GetProperty("cat").GetString()).Distinct().Order(StringComparer.Ordinal)
            .ShouldBe(["backward", "forward", "module"]);

        Span Interval(string name)
        {
            JsonElement found = events.Single(call => call.GetProperty("name").GetString() == name);
            double begin = found.GetProperty("ts").GetDouble();
            return new Span(begin, begin + found.GetProperty("dur").GetDouble());
        }
    }

    [Test]
    public void Gradients_and_memory_are_those_of_an_unobserved_step()
    {
        s_model.ZeroGrad();
        Step();
        string[] expected = [.. s_model.Parameters().Select(parameter => $"{parameter.Grad}")];
        s_model.ZeroGrad();
        Profile.Run(Step);
        s_model.Parameters().Select(parameter => $"{parameter.Grad}").ShouldBe(expected);
        s_model.ZeroGrad();
    }

    [Test]
    public void Failing_function_ends_the_profile()
    {
        Should.Throw<ShapeException>(() => Profile.Run(() => s_model.Call(Tensor.Ones([4, 7]))));
        EngineMode.InterceptsCalls.ShouldBeFalse();
        Profiling.Open.ShouldBeNull();
        ProfileReport caught = Profile.Run(() =>
        {
            Tensor x = Tensor.Ones([2], requiresGrad: true), y = x.Exp().Exp();
            y.Sum().Backward();
            Should.Throw<GraphException>(() => y.Sum().Backward());
            Step();
        });
        caught.Modules[0].Name.ShouldBe("Sequential");
        caught.Operations.Single(row => row.Name == "Tanh").BackwardCalls.ShouldBe(1);
        s_model.ZeroGrad();
    }

    [Test]
    public void Fused_functions_stay_fused()
    {
        Func<Tensor, Tensor> fused = Fuse.Compile((Tensor t) => (t * 2 + 1).Tanh());
        ProfileReport profile = Profile.Run(() => fused(Tensor.Ones([100])));
        profile.Operations.ShouldHaveSingleItem().ForwardCalls.ShouldBe(1);
    }

    private readonly record struct Span(double Begin, double End)
    {
        public bool Contains(Span other) => Begin <= other.Begin && other.End <= End;
    }
}
