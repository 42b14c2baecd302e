using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace MiniTorch.Tests;

/// <summary>What holds of every op, found by reflection: a row of the table, documentation, no class to derive from.</summary>
[TestFixture]
public sealed class OpConventionTests
{
    static readonly Dictionary<string, string> Summaries = XDocument.Load(Path.ChangeExtension(typeof(Op).Assembly.Location, ".xml"))
        .Descendants("member")
        .ToDictionary(member => member.Attribute("name")!.Value,
        member => ((string?)member.Element("summary") ?? (member.Element("inheritdoc") is null ? "" : "inherited")).Trim());

    /// <summary>Kernels (the op of an element-wise operation is its kernel) and op records.</summary>
    static IEnumerable<Type> Ops => typeof(Op).Assembly.GetTypes().Where(type => type.Namespace == "MiniTorch.Ops" && !type.IsAbstract && IsOp(type));

    static IEnumerable<TestCaseData> OpCases => Ops.Select(type => new TestCaseData(type).SetArgDisplayNames(type.Name));

    static IEnumerable<TestCaseData> RowCases => OpSamples.All.Select(row => new TestCaseData(row).SetArgDisplayNames(row.Name));

    static IEnumerable<TestCaseData> MethodCases => TensorOps.Select(method => new TestCaseData(method).SetArgDisplayNames(Signature(method)));

    /// <summary>
    /// Public methods and operators that make tensors of tensors. Those that write are tested as engine features, creation like another by itself.
    /// </summary>
    static IEnumerable<MethodInfo> TensorOps =>
        from method in typeof(Tensor).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
        where GivesTensors(method.ReturnType)
            && (!method.IsStatic || method.GetParameters().Any(p => GivesTensors(p.ParameterType) || p.ParameterType == typeof(ReadOnlySpan<Tensor>)))
        where !method.Name.EndsWith("InPlace", StringComparison.Ordinal) && !method.Name.EndsWith("Like", StringComparison.Ordinal)
        where method.Name is not ("get_Grad" or "RequireGrad" or "Detach" or "FromCollection" or "Named")
        where method.GetParameters().All(p => p.ParameterType != typeof(Generator)) // draws are tested with their streams
        select method;

    static readonly Lazy<HashSet<string>> Recorded = new(() => [.. OpSamples.All.SelectMany(RecordedOps.Of).Select(RecordedOps.NameOf)]);

    static readonly Lazy<HashSet<(int, Module)>> Called =
        new(() => [.. CalledBy(typeof(OpSamples)).Select(method => (method.MetadataToken, method.Module))]);

    [TestCaseSource(nameof(OpCases))]
    public void Every_op_has_a_row(Type op) =>
        (Recorded.Value.Contains(op.Name) || OpSamples.All.Any(row => row.CoveredKernels.Contains(op.Name)))
            .ShouldBeTrue($"no row of OpSamples records {op.Name}; add one (or Covers(nameof({op.Name})) to the row that runs it unrecorded)");

    [TestCaseSource(nameof(OpCases))]
    public void Every_op_is_sealed_and_documented(Type op)
    {
        (op.IsSealed || op.IsValueType).ShouldBeTrue($"{op.Name} must be sealed: an op's kernel and its rule belong together");
        Summaries.GetValueOrDefault($"T:{op.FullName!.Replace('+', '.')}", "")
            .ShouldNotBeEmpty($"{op.Name} needs a summary: formula, PyTorch's name");
    }

    [TestCaseSource(nameof(RowCases))]
    public void Ops_of_two_equal_runs_are_equal(OpRow row)
    {
        foreach ((Op first, Op second) in RecordedOps.Of(row).Zip(RecordedOps.Of(row)))
        {
            second.ShouldBe(first);
            second.GetHashCode().ShouldBe(first.GetHashCode(), first.Name);
        }
    }

    [Test]
    public void Fused_programs_of_equal_calls_are_equal()
    {
        Op first = Program(0.5), second = Program(0.5);
        second.ShouldBe(first);
        second.GetHashCode().ShouldBe(first.GetHashCode());
        Program(0.25).ShouldNotBe(first);

        static Op Program(double slope)
        {
            Func<Tensor, Tensor> function = Fuse.Compile((Tensor x) => (x * slope).Tanh() + x);
            return ((OpNode)function(Tensor.Ones([3], DType.Float32, requiresGrad: true)).Node!).Op;
        }
    }

    [Test]
    public void Permutes_of_other_dimensions_differ() => new Ops.Permute([0, 2, 1]).ShouldNotBe(new Ops.Permute([0, 1, 2]));

    [TestCaseSource(nameof(MethodCases))]
    public void Every_tensor_operation_is_called_by_the_table(MethodInfo method) =>
        Called.Value.Contains((method.MetadataToken, method.Module)).ShouldBeTrue($"no row of OpSamples calls {Signature(method)}");

    [TestCaseSource(nameof(MethodCases))]
    public void Every_tensor_operation_is_documented(MethodInfo method) =>
        Summaries.Where(member => member.Key.StartsWith($"M:MiniTorch.Tensor.{method.Name}", StringComparison.Ordinal)
            || member.Key.StartsWith($"P:MiniTorch.Tensor.{method.Name.Replace("get_", "")}", StringComparison.Ordinal))
            .ShouldContain(member => member.Value.Length > 0, Signature(method));

    [Test]
    public void No_two_rows_have_one_name() => OpSamples.All.GroupBy(row => row.Name).Where(group => group.Count() > 1).ShouldBeEmpty();

    static bool IsOp(Type type) =>
        type.IsAssignableTo(typeof(Op))
            || (type.IsValueType && (type.IsAssignableTo(typeof(IUnaryFunction)) || type.IsAssignableTo(typeof(IBinaryFunction))
            || type.IsAssignableTo(typeof(ITernaryFunction))));

    static bool GivesTensors(Type type) =>
        type == typeof(Tensor) || type == typeof(Tensor[]) || (type.IsAssignableTo(typeof(ITuple)) && type.GetGenericArguments().All(GivesTensors));

    static string Signature(MethodInfo method) => $"{method.Name}({string.Join(", ", method.GetParameters().Select(p => p.ParameterType.Name))})";

    /// <summary>The methods that a class and its lambdas call, read from their compiled code.</summary>
    internal static IEnumerable<MethodBase> CalledBy(Type type)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        const byte Call = 0x28, CallVirtual = 0x6F;
        IEnumerable<MethodInfo> methods = type.GetNestedTypes(All).Prepend(type).SelectMany(t => t.GetMethods(All));
        foreach (byte[] code in methods.Select(method => method.GetMethodBody()?.GetILAsByteArray() ?? []))
            for (int i = 0; i + 5 <= code.Length; i++)
                if (code[i] is Call or CallVirtual && Resolve(type.Module, BitConverter.ToInt32(code, i + 1)) is { } called) yield return called;
    }

    // Bytes that only look like a call resolve to nothing.
    static MethodBase? Resolve(Module module, int token)
    {
        try { return module.ResolveMethod(token); }
        catch (Exception e) when (e is ArgumentException or BadImageFormatException or MissingMethodException) { return null; }
    }
}
