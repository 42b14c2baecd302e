using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>
/// Finds modules and parameters that discovery does not find: in the fields of holder classes and structs, and in <see cref="Lazy{T}"/>.
/// </summary>
internal static class HiddenState
{
    // Limits the search: an object nested deeper is unlikely to be part of a model.
    private const int Depth = 3;

    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ConcurrentDictionary<Type, bool> s_mayHold = new();
    private static readonly ConcurrentDictionary<Type, FieldInfo[]> s_fields = new();

    /// <summary>Whether a value of a declared type may be, or may hold, a module or a parameter; cached for each type.</summary>
    public static bool MayHold(Type type) => s_mayHold.GetOrAdd(type, static type => MayHold(type, []));

    /// <summary>Returns the modules and parameters in an object. An unevaluated <see cref="Lazy{T}"/> of a module is returned itself.</summary>
    public static IEnumerable<object> In(object holder) => In(holder, Depth);

    private static IEnumerable<object> In(object value, int depth)
    {
        Type type = value.GetType();
        if (value is Module or Parameter) return [value];
        if (value is Tensor or string || depth == 0) return [];
        if (IsBox(type)) return MayHold(type) ? [value] : [];
        IEnumerable<object?> parts = value switch
        {
            Array array => MayHold(type) ? array.Cast<object?>() : [],
            IDictionary dictionary => MayHold(type) ? dictionary.Values.Cast<object?>() : [],
            IEnumerable entries when IsFramework(type) => MayHold(type) ? entries.Cast<object?>() : [],
            ITuple tuple => Enumerable.Range(0, tuple.Length).Select(i => tuple[i]),
            _ => s_fields.GetOrAdd(type, FieldsOf).Select(field => field.GetValue(value)),
        };
        return parts.SelectMany(part => part is null ? [] : In(part, depth - 1));
    }

    private static bool MayHold(Type type, HashSet<Type> open)
    {
        if (type.IsAssignableTo(typeof(Module)) || type == typeof(Parameter)) return true;
        if (type.IsPrimitive || type.IsEnum || type.IsPointer) return false;
        if (type.IsAssignableTo(typeof(Tensor)) || type.IsAssignableTo(typeof(Delegate))) return false;
        if (type.IsArray) return MayHold(type.GetElementType()!, open);
        if (type == typeof(object)) return true;
        if (IsFramework(type))
        {
            bool isSequence = type.IsAssignableTo(typeof(IEnumerable)) && type != typeof(string);
            if (!type.IsGenericType) return isSequence;
            bool looksInto = isSequence || type.IsInterface || IsBox(type) || IsPair(type) || type.IsAssignableTo(typeof(ITuple));
            return looksInto && type.GenericTypeArguments.Any(argument => MayHold(argument, open));
        }
        if (type.IsInterface || (type.IsClass && !type.IsSealed)) return !IsOurs(type) || type.IsInterface; // a derived class may hold one
        return open.Add(type) && Candidates(type).Any(field => MayHold(field.FieldType, open));
    }

    private static FieldInfo[] FieldsOf(Type type) =>
        IsFramework(type) || IsOurs(type) ? [] : [.. Candidates(type).Where(field => MayHold(field.FieldType))];

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A trimmed field is unused and hides nothing.")]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "As above.")]
    private static IEnumerable<FieldInfo> Candidates(Type type)
    {
        if (IsOurs(type)) yield break;
        for (Type? level = type; level is not null && !IsFramework(level); level = level.BaseType)
            foreach (FieldInfo field in level.GetFields(Declared)) yield return field;
    }

    private static bool IsBox(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var box
            && (box == typeof(Lazy<>) || box == typeof(StrongBox<>) || box == typeof(Task<>));

    private static bool IsPair(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var pair && (pair == typeof(KeyValuePair<,>) || pair == typeof(Nullable<>));

    private static bool IsFramework(Type type) =>
        type.Namespace is { } name
            && (name == "System" || name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal));

    private static bool IsOurs(Type type) => type.Assembly == typeof(Module).Assembly || type.Assembly == typeof(Tensor).Assembly;
}
