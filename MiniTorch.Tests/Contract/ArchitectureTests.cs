using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using ArchUnitNET.NUnit;
using MiniTorch.IO;
using MiniTorch.Nn;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;
using BindingFlags = System.Reflection.BindingFlags;
using MethodBase = System.Reflection.MethodBase;
using Type = System.Type;

namespace MiniTorch.Tests.Contract;

/// <summary>Which parts of the library may know which.</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly s_core = typeof(Tensor).Assembly, s_nn = typeof(Module).Assembly, s_onnx = typeof(Onnx).Assembly,
        s_mpi = typeof(MiniTorch.Mpi.World).Assembly;

    private static readonly Architecture s_architecture = new ArchLoader().LoadAssemblies(s_core, s_nn, s_onnx, s_mpi).Build();

    private static readonly IObjectProvider<IType> s_kernels = Types().That().ResideInNamespace("MiniTorch.Kernels").As("Kernels, vectors and loops");

    private static readonly IObjectProvider<IType> s_graph =
        Types().That().Are(typeof(Tensor), typeof(Storage), typeof(OpContext)).Or().AreAssignableTo(typeof(Op)).Or().AreAssignableTo(typeof(Node))
            .As("tensors, ops and graph nodes");

    private static readonly IObjectProvider<IType> s_gradCheck =
        Types().That().ResideInNamespace("MiniTorch.GradChecking").Or().HaveNameStartingWith("GradCheck")
            .Or().Are(typeof(Verdict), typeof(NumericalGradient), typeof(DifferenceSide))
            .As("the gradient check");

    private static readonly IObjectProvider<IType> s_numericCheck =
        Types().That().ResideInNamespace("MiniTorch.NumericChecking").Or().HaveNameMatching("^Numeric(?!alGradient)").As("the numerical check");

    private static readonly IObjectProvider<IType> s_aboveCore =
        Types().That().ResideInAssembly(s_nn).Or().ResideInAssembly(s_onnx).Or().ResideInAssembly(s_mpi).As("Nn, Onnx and Mpi");

    private static Type[] CoreTypes => s_core.GetTypes();

    [Test]
    public void Kernels_know_no_tensor_op_or_node() =>
        Types().That().Are(s_kernels).Should().NotDependOnAny(s_graph).Because("a kernel works on pointers, sizes and strides").Check(s_architecture);

    [Test]
    public void Core_references_neither_Nn_nor_Onnx() =>
        s_core.GetReferencedAssemblies().Select(assembly => assembly.Name!).ShouldNotContain(name => name.StartsWith("MiniTorch"));

    [Test]
    public void Core_holds_no_module_as_an_object()
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        IEnumerable<string> fields = CoreTypes.SelectMany(type => type.GetFields(All)).Where(field => IsModule(field.Name, field.FieldType))
            .Select(field => $"{field.DeclaringType}.{field.Name}");
        IEnumerable<string> parameters =
            CoreTypes.SelectMany(type => (IEnumerable<MethodBase>)[.. type.GetMethods(All), .. type.GetConstructors(All)])
            .SelectMany(method => method.GetParameters()).Where(parameter => IsModule(parameter.Name, parameter.ParameterType))
            .Select(parameter => $"{parameter.Member.DeclaringType}.{parameter.Member.Name}({parameter.Name})");
        fields.Concat(parameters).ShouldBeEmpty();

        static bool IsModule(string? name, Type type) => type == typeof(object) && name!.Contains("module", StringComparison.OrdinalIgnoreCase);
    }

    [Test]
    public void No_op_asks_for_an_assembly() =>
        Types().That().ResideInAssembly(s_core).And().AreAssignableTo(typeof(Op)).Should().NotDependOnAny(typeof(Assembly))
            .Because("what an op may do is a property of the op").Check(s_architecture);

    [Test]
    public void Every_op_of_Core_lets_its_temporaries_be_reused() =>
        CoreTypes.Where(type => type.IsAssignableTo(typeof(Op)) && !type.IsAbstract && !type.ContainsGenericParameters)
            .Where(type => type != typeof(CustomOp)) // its rule is the user's and may keep what it computes
            .Where(type => !((Op)RuntimeHelpers.GetUninitializedObject(type)).CanReuseTemporaries).ShouldBeEmpty();

    [Test]
    public void Nothing_refers_to_Mpi_and_it_refers_to_no_package()
    {
        foreach (Assembly other in (Assembly[])[s_core, s_nn, s_onnx]) References(other).ShouldNotContain("MiniTorch.Mpi");
        References(s_mpi).Where(name => !name.StartsWith("System", StringComparison.Ordinal))
            .ShouldBe(["MiniTorch.Core", "MiniTorch.Nn"], ignoreOrder: true);

        static IEnumerable<string> References(Assembly assembly) => assembly.GetReferencedAssemblies().Select(reference => reference.Name!);
    }

    [TestCase("optimiser")]
    [TestCase("optimizer")]
    [TestCase("MiniTorch.Nn")]
    [TestCase("Onnx")]
    public void No_text_in_Core_names_what_is_above_it(string name) =>
        TextsOf(s_core).ShouldNotContain(text => text.Contains(name, StringComparison.OrdinalIgnoreCase));

    [Test]
    public void Nn_Onnx_and_Mpi_do_not_free_memory_or_take_ownership() =>
        MethodMembers().That().AreDeclaredIn(s_aboveCore).Should().NotCallAny(MethodMembers().That()
                .AreDeclaredIn(typeof(NativeStorage)).Or().AreDeclaredIn(typeof(BufferPool)).Or().AreDeclaredIn(typeof(EngineScope))
                .Or().HaveNameMatching(@"^(ReleaseIfUnheld|TakeOwnership|AddRef|Release)\(").As("what frees memory or takes ownership"))
            .AndShould().NotDependOnAny(Types().That().Are(typeof(NativeStorage), typeof(BufferPool)))
            .Because("only Core decides when memory is reused").Check(s_architecture);

    [Test]
    public void Core_does_not_know_the_gradient_check() =>
        Types().That().ResideInAssembly(s_core).And().AreNot(s_gradCheck).Should().NotDependOnAny(s_gradCheck)
            .Because("the engine does not know who checks it").Check(s_architecture);

    [Test]
    public void Core_does_not_know_the_numerical_check() =>
        Types().That().ResideInAssembly(s_core).And().AreNot(s_numericCheck).Should().NotDependOnAny(s_numericCheck)
            .Because("the engine does not know who checks it").Check(s_architecture);

    [Test]
    public void No_two_types_share_a_simple_name_but_an_op_and_its_layer()
    {
        IEnumerable<IGrouping<string, Type>> shared = new[] { s_core, s_nn, s_onnx, s_mpi }.SelectMany(assembly => assembly.GetTypes())
            .Where(type => !type.IsNestedPrivate && !type.FullName!.Contains('<') && !type.IsDefined(typeof(CompilerGeneratedAttribute), false))
            .GroupBy(type => type.Name.Split('`')[0])
            .Where(types => types.DistinctBy(type => type.Namespace).Count() > 1 || types.DistinctBy(type => type.Name).Count() < types.Count());
        shared.Where(types => !IsOpAndLayer([.. types])).Select(types => string.Join(" and ", types)).ShouldBeEmpty();

        static bool IsOpAndLayer(Type[] types) =>
            types.Length == 2 && types.Count(IsOp) == 1 && types.Count(type => type.IsAssignableTo(typeof(Module))) == 1;
        static bool IsOp(Type type) => type.IsAssignableTo(typeof(Op)) || type.IsValueType && type.Namespace == "MiniTorch.Ops";
    }

    // All string literals.
    private static List<string> TextsOf(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        MetadataReader reader = file.GetMetadataReader();
        var texts = new List<string>();
        for (UserStringHandle text = MetadataTokens.UserStringHandle(1); !text.IsNil; text = reader.GetNextHandle(text))
            texts.Add(reader.GetUserString(text));
        return texts;
    }
}
