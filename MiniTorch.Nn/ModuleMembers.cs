using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace MiniTorch.Nn;

/// <summary>What a module holds directly: found in its fields, base classes first, then in the order of declaration.</summary>
internal sealed class ModuleMembers
{
    private static readonly ConcurrentDictionary<Type, Field[]> s_fields = new();

    private readonly Module _module;

    private ModuleMembers(Module module)
    {
        _module = module;
    }

    public List<(string Name, Parameter Value)> Parameters { get; } = [];

    public List<(string Name, Tensor Value)> Buffers { get; } = [];

    public List<(string Name, Module Value)> Children { get; } = [];

    /// <summary>Reads the fields of a module as they are now.</summary>
    /// <exception cref="ValueException">A field holds modules or parameters in a container whose names would be unknown.</exception>
    public static ModuleMembers Of(Module module)
    {
        var members = new ModuleMembers(module);
        foreach (Field field in s_fields.GetOrAdd(module.GetType(), static (_, module) => FieldsOf(module.GetType()), module))
            members.Add(field.Name, field.Info.GetValue(module), field);
        return members;
    }

    /// <summary>A path without its root: <c>Mlp.encoder.fc1</c> → encoder.fc1; empty for the root.</summary>
    public static string BelowRoot(string path) => path.IndexOf('.', StringComparison.Ordinal) is >= 0 and int dot ? path[(dot + 1)..] : "";

    /// <summary>A C# name as PyTorch would have it: <c>_fc1</c> → fc1, <c>InProjWeight</c> → in_proj_weight, <c>Conv2D</c> → conv2d.</summary>
    public static string SnakeCase(string name)
    {
        var result = new StringBuilder();
        ReadOnlySpan<char> letters = name.AsSpan().TrimStart('_');
        for (int i = 0; i < letters.Length; i++)
        {
            bool nextIsLower = i + 1 < letters.Length && char.IsLower(letters[i + 1]);
            if (i > 0 && char.IsUpper(letters[i]) && (char.IsLower(letters[i - 1]) || (nextIsLower && letters[i - 1] != '_'))) result.Append('_');
            result.Append(char.ToLowerInvariant(letters[i]));
        }
        return result.ToString();
    }

    private static Field[] FieldsOf([DynamicallyAccessedMembers(Module.ReflectedMembers)] Type type)
    {
        var fields = new List<Field>();
        if (type.BaseType is { } parent && parent != typeof(Module)) fields.AddRange(FieldsOf(parent));
        const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        // Native code has no tokens, and keeps the order of declaration by itself.
        foreach (FieldInfo info in type.GetFields(Declared).OrderBy(info => info.HasMetadataToken() ? info.MetadataToken : 0))
        {
            if (info.FieldType.IsPrimitive || info.FieldType.IsEnum || info.FieldType == typeof(string) || info.FieldType.IsAssignableTo(typeof(Delegate))) continue;
            // The compiler calls a property's field <Name>k__BackingField, and that of a captured parameter <name>P.
            string written = info.Name[0] == '<' ? info.Name[1..info.Name.IndexOf('>')] : info.Name;
            MemberInfo source = info.Name.EndsWith(">k__BackingField", StringComparison.Ordinal) && type.GetProperty(written, Declared) is { } property ? property : info;
            fields.Add(new Field(info, source.GetCustomAttribute<NameAttribute>()?.Name ?? SnakeCase(written), source.IsDefined(typeof(BufferAttribute))));
        }
        return [.. fields];
    }

    private void Add(string name, object? value, Field field)
    {
        switch (value)
        {
            case null or string:
                break;
            case Module child:
                Children.Add((name, child));
                break;
            case Parameter parameter:
                Parameters.Add((name, parameter));
                break;
            case Tensor tensor:
                if (field.IsBuffer) Buffers.Add((name, tensor));
                break;
            case IDictionary dictionary when dictionary.Keys is not IEnumerable<string>:
                ThrowIfItHoldsState(value, field, "its keys are not strings");
                break;
            case IDictionary dictionary:
                foreach (DictionaryEntry entry in dictionary) Add(Join(name, (string)entry.Key), entry.Value, field);
                break;
            case IList list when MayHoldState(list):
                for (int i = 0; i < list.Count; i++) Add(Join(name, FormattableString.Invariant($"{i}")), list[i], field);
                break;
            case IEnumerable or ITuple:
                ThrowIfItHoldsState(value, field, "its entries have no names");
                break;
        }
    }

    /// <summary>The path of an entry under a prefix that may be empty.</summary>
    public static string Join(string prefix, string name) => prefix.Length == 0 ? name : name.Length == 0 ? prefix : $"{prefix}.{name}";

    // Numbers, and structs of numbers, are not looked through one by one.
    private static bool MayHoldState(IList list) => !ElementTypes(list.GetType()).Any(type => type.IsValueType || type == typeof(string));

    private void ThrowIfItHoldsState(object container, Field field, string reason)
    {
        if (!ElementTypes(container.GetType()).Any(IsState)) return;
        throw new ValueException($"{_module.GetType().Name}: the field {field.Info.Name} holds modules or parameters in a {container.GetType().Name}, and {reason}; "
            + "use an array, a List<T>, a Dictionary<string, T>, ModuleList or ModuleDict, so that they have names in the state");
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A container that is enumerated anywhere has its IEnumerable<T>.")]
    private static IEnumerable<Type> ElementTypes(Type container) =>
        typeof(ITuple).IsAssignableFrom(container) ? container.GenericTypeArguments
        : container.GetInterfaces().Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IEnumerable<>)).Select(type => type.GenericTypeArguments[0]);

    private static bool IsState(Type type) =>
        type.IsAssignableTo(typeof(Module)) || type == typeof(Parameter) || type.GenericTypeArguments.Any(IsState) || (type.IsArray && IsState(type.GetElementType()!));

    private sealed record Field(FieldInfo Info, string Name, bool IsBuffer);
}
