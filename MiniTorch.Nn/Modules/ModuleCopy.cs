using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>Copies modules with everything that belongs to their state: what is shared inside the model is shared inside the copy.</summary>
/// <param name="sharesGenerators">Whether the copy draws from the generators of the original instead of copies of them.</param>
internal sealed class ModuleCopy(bool sharesGenerators = false)
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ConcurrentDictionary<Type, bool> s_holdsState = new();
    private static readonly MethodInfo s_clone = typeof(object).GetMethod(nameof(MemberwiseClone), BindingFlags.Instance | BindingFlags.NonPublic)!;

    private readonly Dictionary<object, object> _copies = new(ReferenceEqualityComparer.Instance);

    /// <summary>Returns a copy of a value, or the value itself if it is not part of a module's state.</summary>
    public object? Of(object? value) => Of(value, isPart: false);

    // Everything that a collection consists of is part of it, but for comparers.
    private object? Of(object? value, bool isPart)
    {
        if (value is null or string or Delegate or Type or Pointer || value.GetType() is { IsPrimitive: true } or { IsEnum: true }) return value;
        if (_copies.TryGetValue(value, out object? done)) return done;
        switch (value)
        {
            case Module module:
                var duplicate = (Module)Fields(module, module.Duplicate(), false);
                duplicate.CopyParametrizations(Of);
                return duplicate;
            case Parameter parameter:
                var copied = new Parameter(parameter.Detach().Clone()) { RequiresGrad = parameter.RequiresGrad, Name = parameter.Name };
                return _copies[value] = copied;
            case Tensor tensor:
                return _copies[value] = tensor.Detach().Clone().RequireGrad(tensor is { IsLeaf: true, RequiresGrad: true });
            case Generator generator:
                if (sharesGenerators || ReferenceEquals(generator, Generator.Default)) return generator;
                var stream = new Generator();
                stream.SetState(generator.GetState());
                return _copies[value] = stream;
            case Array array:
                return Elements(array);
        }
        Type type = value.GetType();
        bool isCollection = IsFramework(type) && value is IEnumerable or ITuple or IStructuralEquatable;
        bool isCopied = isPart ? !IsShared(value) : isCollection ? !IsShared(value) : HoldsState(type) || HiddenState.In(value).Any();
        return isCopied ? Fields(value, s_clone.Invoke(value, null)!, isPart || isCollection) : value;
    }

    private Array Elements(Array array)
    {
        var copy = (Array)array.Clone();
        _copies[array] = copy;
        if (array.GetType().GetElementType() is { IsPrimitive: true } or { IsEnum: true }) return copy;
        foreach (int[] at in Indices(array)) copy.SetValue(Of(array.GetValue(at), isPart: true), at);
        return copy;
    }

    private static IEnumerable<int[]> Indices(Array array)
    {
        for (long i = 0; i < array.LongLength; i++)
        {
            var at = new int[array.Rank];
            long rest = i;
            for (int dim = array.Rank - 1; dim >= 0; rest /= array.GetLength(dim--))
                at[dim] = (int)(rest % array.GetLength(dim)) + array.GetLowerBound(dim);
            yield return at;
        }
    }

    private object Fields(object value, object copy, bool areParts)
    {
        if (!value.GetType().IsValueType) _copies[value] = copy;
        foreach (FieldInfo field in FieldsOf(value.GetType()))
            if (field.GetValue(value) is { } held && Of(held, areParts) is var other && !ReferenceEquals(held, other)) field.SetValue(copy, other);
        return copy;
    }

    // Whether an object of a program's or of the library's own type has a field for tensors, modules or generators.
    private static bool HoldsState(Type type) => !IsFramework(type) && s_holdsState.GetOrAdd(type, static type => HoldsState(type, []));

    private static bool HoldsState(Type type, HashSet<Type> open) =>
        type.IsAssignableTo(typeof(Tensor)) || type.IsAssignableTo(typeof(Module)) || type == typeof(Generator)
        || (type.IsArray && HoldsState(type.GetElementType()!, open))
        || type.GenericTypeArguments.Any(argument => HoldsState(argument, open))
        || (!IsFramework(type) && !type.IsAssignableTo(typeof(Delegate)) && open.Add(type)
        && FieldsOf(type).Any(field => HoldsState(field.FieldType, open)));

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "A comparer that is used anywhere keeps its interface.")]
    private static bool IsShared(object value) =>
        value is IEqualityComparer or IComparer || value.GetType() is var type
        && (type.Namespace is "System.Threading" or "System.Runtime.CompilerServices" && value is not ITuple || type.GetInterfaces().Any(IsComparer));

    private static bool IsComparer(Type type) =>
        type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(IEqualityComparer<>)
            || type.GetGenericTypeDefinition() == typeof(IComparer<>));

    private static bool IsFramework(Type type) =>
        type.Namespace is { } name && (name == "System" || name.StartsWith("System.", StringComparison.Ordinal));

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A trimmed field is unused and holds nothing.")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "As above.")]
    private static IEnumerable<FieldInfo> FieldsOf(Type type)
    {
        for (Type? level = type; level is not null && level != typeof(Module) && level != typeof(object); level = level.BaseType)
            foreach (FieldInfo field in level.GetFields(Declared)) yield return field;
    }
}
