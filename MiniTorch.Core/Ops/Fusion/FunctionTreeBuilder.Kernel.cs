using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace MiniTorch.Kernels;

/// <summary>Makes a program's steps into fewer ones: a step whose result is read once, or is cheap, becomes a part of those that read it.</summary>
internal static class FunctionTreeBuilder
{
    // What an element-wise loop reads, and about what the JIT still compiles without calls.
    private const int MaxLeaves = 5, MaxNodes = 12;

    private static readonly Type[] s_leaves = [typeof(First), typeof(Second), typeof(Third), typeof(Fourth), typeof(Fifth)];
    private static readonly Type[] s_nodes =
        [typeof(Compose<,>), typeof(Compose<,,>), typeof(Compose<,,,>), typeof(Compose<,,,,>), typeof(Compose<,,,,,>)];

    /// <summary>The same program in fewer steps; as it is where types cannot be made at run time.</summary>
    /// <param name="program">The program.</param>
    /// <param name="isWhole">For each step, whether it stays a step of its own.</param>
    public static ElementwiseProgram Grow(ElementwiseProgram program, bool[]? isWhole = null)
    {
        if (!RuntimeFeature.IsDynamicCodeSupported) return program;
        int[] uses = program.Uses();
        foreach (int output in program.Outputs) uses[output] = int.MaxValue;
        for (int i = 0; i < isWhole?.Length; i++)
            if (isWhole[i]) uses[program.Inputs + i] = int.MaxValue;
        var steps = new List<ElementwiseStep>();
        for (int i = 0; i < program.Steps.Count; i++) steps.Add(Tree(program, program.Inputs + i, uses));
        return new ElementwiseProgram(program.Inputs, steps, program.Outputs); // which drops the steps that became parts of others
    }

    [RequiresDynamicCode("A tree is a type of its own.")]
    private static ElementwiseStep Tree(ElementwiseProgram program, int root, int[] uses)
    {
        if (program.Steps[root - program.Inputs].Action != StepAction.Map) return program.Steps[root - program.Inputs];
        HashSet<int> inner = [root];
        List<int> leaves = Read(root);
        while (true)
        {
            // The leaf whose own arguments add the fewest leaves becomes an inner node; of equals the last, so that branches are finished one by one.
            int[] candidates = [.. leaves.Where(CanJoin).OrderBy(leaf => Without(leaf).Count).ThenByDescending(leaf => leaf)];
            if (candidates.Length == 0 || Without(candidates[0]).Count > MaxLeaves || Nodes(root, candidates[0]) > MaxNodes) break;
            leaves = Without(candidates[0]);
            inner.Add(candidates[0]);
        }
        if (inner.Count == 1) return program.Steps[root - program.Inputs];
        object tree = Make(typeof(FunctionTree<,>), [Node(root), Leaf(leaves.Count - 1)], 1);
        LoopFunction function = (LoopFunction)Make(typeof(LoopFunction<>), [tree], 1);
        return program.Steps[root - program.Inputs] with { Function = function, Arguments = [.. leaves] };

        // A cheap value that several steps read is computed again in each; the JIT finds those of one loop to be the same.
        bool CanJoin(int leaf) => leaf >= program.Inputs && (uses[leaf] == 1
            || (uses[leaf] != int.MaxValue && program.Steps[leaf - program.Inputs].Function.IsCheap));

        int Nodes(int value, int joining) => !inner.Contains(value) && value != joining ? 0
            : 1 + program.Steps[value - program.Inputs].Arguments.Sum(argument => argument < 0 ? 0 : Nodes(argument, joining));

        List<int> Read(int value) => [.. program.Steps[value - program.Inputs].Arguments.Where(argument => argument >= 0).Distinct()];

        List<int> Without(int leaf) => [.. leaves.Where(other => other != leaf).Union(Read(leaf))];

        object Node(int value)
        {
            if (!inner.Contains(value)) return Leaf(leaves.IndexOf(value));
            ElementwiseStep step = program.Steps[value - program.Inputs];
            object[] parts = [step.Function.Function, .. step.Arguments.Select(argument => argument < 0 ? Leaf(0) : Node(argument))];
            return Make(s_nodes[parts.Length - 2], parts, parts.Length);
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2062", Justification = "A struct needs no constructor to be made.")]
    private static object Leaf(int place) => Activator.CreateInstance(s_leaves[place])!;

    // The parts' types are the type's arguments, and the first of the parts its fields.
    [RequiresDynamicCode("The type is made here.")]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(LoopFunction<>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(FunctionTree<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Compose<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Compose<,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Compose<,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Compose<,,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(Compose<,,,,,>))]
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The parts are instances, so their types are there.")]
    [UnconditionalSuppressMessage("Trimming", "IL2067", Justification = "The constructors are kept by the dependencies above.")]
    private static object Make(Type type, object[] parts, int fields) =>
        Activator.CreateInstance(
            type.MakeGenericType([.. parts.Select(part => part.GetType())]),
                BindingFlags.CreateInstance | BindingFlags.Public | BindingFlags.Instance, null, parts[..fields], null)!;
}
