using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Tensors;

/// <summary>What a debugger shows of a tensor, a shape, a parameter and a module, read from their attributes as a debugger does.</summary>
internal sealed class DebuggerViewTests
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    [Test]
    public void Tensor_shows_shape_dtype_range_mean_and_NaN_count()
    {
        Tensor x = Tensor.From(new[,] { { 1f, 2, 3 }, { float.NaN, 4, 6 } });
        Line(x).ShouldBe("Float32 [2, 3]; min 1, mean 3.2, max 6, 1 NaN");
        Line(x.T[1..]).ShouldBe("Float32 [2, 2]; min 2, mean 3.75, max 6, 0 NaN");
        Line(Tensor.From(new[] { true, false, true, true })).ShouldBe("Bool [4]; min 0, mean 0.75, max 1, 0 NaN");
        Line(Tensor.Zeros([0, 5])).ShouldBe("Float32 [0, 5]; empty");
        Line(Tensor.Full([2], double.NaN)).ShouldBe("Float32 [2]; 2 NaN");
        Line(Tensor.Ones([3], requiresGrad: true)).ShouldBe("Float32 [3], requiresGrad: true; min 1, mean 1, max 1, 0 NaN");
        Line(Tensor.Ones([3], requiresGrad: true) * 2).ShouldStartWith("Float32 [3], gradOp: ");
        Line(Tensor.Ones([1]).Expand([1 << 21])).ShouldBe("Float32 [2097152]; min 1, mean 1, max 1, 0 NaN in the first 2²⁰ elements");
    }

    [Test]
    public void Unfolded_tensor_shows_its_first_rows()
    {
        Tensor x = Tensor.Arange(6).Reshape(2, 3).Flip(0);
        Property<string[]>(x, "Rows").ShouldBe(["tensor([3, 4, 5])", "tensor([0, 1, 2])"]);
        Property<string[]>(Tensor.From(new[] { 2.5f }).Reshape(), "Rows").ShouldBe(["tensor(2.5000)"]);
        Property<string[]>(Tensor.Zeros([12, 2]), "Rows").Length.ShouldBe(10);
        Property<string[]>(Tensor.Arange(40_000).Reshape(2, 10, 2_000), "Rows")[1]
            .ShouldStartWith("tensor([[20000, 20001, 20002, 20003, 20004, 20005],\n");
        Property<string[]>(Tensor.Zeros([1, 8, 8, 8, 8]), "Rows")[0].ShouldEndWith(" …");
    }

    [Test]
    public void Tensor_whose_memory_was_returned_says_so()
    {
        Tensor x = Tensor.Ones([100]);
        var storage = (NativeStorage)x.Storage;
        storage.TakeOwnership();
        storage.ReleaseIfUnheld();
        Line(x).ShouldBe("Float32 [100]; its memory was returned");
        Property<string[]>(x, "Rows").ShouldBe(["its memory was returned"]);
    }

    [Test]
    public void View_leaves_the_graph_and_deferred_operations_alone()
    {
        Tensor x = Tensor.Ones([3], requiresGrad: true);
        string? seen = null;
        Fuse.Compile((Tensor t) =>
        {
            Tensor y = t * 2;
            seen = Line(y);
            return y + 1;
        })(x);
        seen.ShouldNotBeNull().ShouldEndWith("; deferred: its elements are computed when they are read");

        using (var recording = new Recording())
        {
            Tensor y = x.Detach() * 2;
            int calls = recording.Calls.Count;
            Line(y);
            Property<string[]>(y, "Rows");
            recording.Calls.Count.ShouldBe(calls);
        }

        // A view whose base was written to gets a new node when its history is next used.
        Tensor whole = Tensor.Ones([3], requiresGrad: true) * 1, view = whole[..2];
        whole.MulInPlace(3);
        int epoch = view.Epoch;
        Line(view).ShouldContain("max 3");
        view.Epoch.ShouldBe(epoch);

        Line((x * 2).Sum());
        x.Grad.ShouldBeNull();
    }

    [Test]
    public void Shape_parameter_and_module_show_what_they_hold()
    {
        Line(new Linear(3, 2).Weight.Shape).ShouldBe("[2, 3]");
        Property<int[]>(new Linear(3, 2).Weight.Shape, "Sizes").ShouldBe([2, 3]);
        var model = new Sequential(new Linear(3, 2), new BatchNorm1d(2));
        _ = model.NamedParameters();
        Line(model.Parameters()[0]).ShouldStartWith("0.weight Float32 [2, 3], requiresGrad: true; min ");
        Line(model).ShouldBe("Sequential(), 12 parameters, training: True");
        Array members = Property<Array>(model[1], "Members");
        members.Cast<object>().Select(member => Line(member)[..16]).ShouldBe(
            ["Float32 [2], req", "Float32 [2], req", "Float32 [2]; min", "Float32 [2]; min", "Int64 []; min 0,"]);
        Line(new Unnamed()).ShouldContain("_pair");
        Property<Array>(new Unnamed(), "Members").Length.ShouldBe(1);
    }

    // The text of the debugger's line: the members in braces are evaluated.
    private static string Line(object value)
    {
        string format = Nearest<DebuggerDisplayAttribute>(value.GetType()).Value;
        return Regex.Replace(format, @"\{(\w+)(\(\))?,nq\}", hole => hole.Groups[2].Length > 0 ? $"{value}"
            : $"{Member(value.GetType(), hole.Groups[1].Value).GetValue(value)}");
    }

    private static T Property<T>(object value, string name)
    {
        Type proxy = Type.GetType(Nearest<DebuggerTypeProxyAttribute>(value.GetType()).ProxyTypeName)!;
        object view = Activator.CreateInstance(proxy, value)!;
        return (T)Member(proxy, name).GetValue(view)!;
    }

    private static T Nearest<T>(Type type) where T : Attribute => type.GetCustomAttribute<T>(inherit: false) ?? Nearest<T>(type.BaseType!);

    private static PropertyInfo Member(Type type, string name) =>
        type.GetProperty(name, Any) ?? Member(type.BaseType!, name);

    private sealed class Unnamed : Module<Tensor, Tensor>
    {
        private readonly (Linear, Linear) _pair = (new(1, 1), new(1, 1));

        protected override Tensor Forward(Tensor input) => _pair.Item1.Call(input);
    }
}
