using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace MiniTorch.Nn;

/// <summary>The direct members of a module, discovered in its fields: base classes first, then in the order of declaration.</summary>
internal sealed class ModuleMembers
{
    private static readonly ConcurrentDictionary<Type, Layout> s_layouts = new();

    private readonly Module _module;
    private bool _namesMayClash;

    private ModuleMembers(Module module)
    {
        _module = module;
    }

    public List<(string Name, Parameter Value)> Parameters { get; } = [];

    public List<(string Name, Tensor Value)> Buffers { get; } = [];

    public List<(string Name, Module Value)> Children { get; } = [];

    /// <summary>
    /// Modules and parameters in objects that discovery does not search, with the field and the type that hide them; null if there are none.
    /// </summary>
    public List<(FieldInfo Field, Type Holder, object State)>? Hidden { get; private set; }

    /// <summary>Reads the current fields of a module.</summary>
    /// <exception cref="ValueException">
    /// Two entries have the same name, or a field holds modules or parameters in a container that gives them no names.
    /// </exception>
    public static ModuleMembers Of(Module module)
    {
        ModuleMembers members = Read(module);
        if (members._namesMayClash) members.CheckNames();
        return members;
    }

    /// <summary>Removes the root of a path: <c>Mlp.encoder.fc1</c> → encoder.fc1; empty for the root.</summary>
    public static string BelowRoot(string path) => path.IndexOf('.', StringComparison.Ordinal) is >= 0 and int dot ? path[(dot + 1)..] : "";

    /// <summary>Converts a C# name to PyTorch's style: <c>_fc1</c> → fc1, <c>InProjWeight</c> → in_proj_weight, <c>Conv2D</c> → conv2d.</summary>
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

    /// <summary>Returns the fields of a module that have a <see cref="ParametrizationAttribute"/>, with their names in the state.</summary>
    public static IEnumerable<(FieldInfo Field, string Name, ParametrizationAttribute Attribute)> ParametrizedFields(Module module) =>
        LayoutOf(module).Fields.Where(field => field.Parametrization is not null)
            .Select(field => (field.Info, field.Name, field.Parametrization!));

    private static ModuleMembers Read(Module module)
    {
        module.ApplyParametrizationAttributes();
        Layout layout = LayoutOf(module);
        var members = new ModuleMembers(module) { _namesMayClash = layout.NamesMayClash };
        foreach (Field field in layout.Fields) members.Add(field.Name, field.Info.GetValue(module), field);
        if (module.Parametrizations is not { } parametrizations) return members;
        members.Parameters.RemoveAll(entry => module.IsParametrized(entry.Value));
        members.Children.Add(("parametrizations", parametrizations));
        return members;
    }

    private static Layout LayoutOf(Module module) =>
        s_layouts.GetOrAdd(module.GetType(), static (_, module) => new Layout(FieldsOf(module.GetType())), module);

    private static Field[] FieldsOf([DynamicallyAccessedMembers(Module.ReflectedMembers)] Type type)
    {
        var fields = new List<Field>();
        if (type.BaseType is { } parent && parent != typeof(Module)) fields.AddRange(FieldsOf(parent));
        const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        // Native code has no metadata tokens, but keeps the order of declaration.
        foreach (FieldInfo info in type.GetFields(Declared).OrderBy(info => info.HasMetadataToken() ? info.MetadataToken : 0))
        {
            if (!MayMatter(info.FieldType)) continue;
            string written = Written(info);
            MemberInfo source = info.Name.EndsWith(">k__BackingField", StringComparison.Ordinal)
                && type.GetProperty(written, Declared) is { } property ? property : info;
            fields.Add(new Field(info, source.GetCustomAttribute<NameAttribute>()?.Name ?? SnakeCase(written),
                source.IsDefined(typeof(BufferAttribute)), source.GetCustomAttribute<ParametrizationAttribute>()));
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
            case IList list when IsDefaultImmutableArray(list):
                break;
            case IDictionary dictionary when dictionary.Keys is not IEnumerable<string>:
                ThrowIfItHoldsState(value, field, "its keys are not strings");
                Hide(value, field);
                break;
            case IDictionary dictionary when ElementTypes(value.GetType()).Any(MayMatter):
                foreach ((string key, object? entry) in InOrder(dictionary))
                {
                    _namesMayClash |= key.Length == 0 || key.Contains('.');
                    Add(Join(name, key), entry, field);
                }
                break;
            case Array { Rank: > 1 } array:
                if (HiddenState.MayHold(array.GetType())) throw Unnamed(value, field, "it has several dimensions");
                break;
            case IList list when ElementTypes(value.GetType()).DefaultIfEmpty(typeof(object)).Any(MayMatter):
                for (int i = 0; i < list.Count; i++) Add(Join(name, FormattableString.Invariant($"{i}")), list[i], field);
                break;
            case IEnumerable or ITuple:
                ThrowIfItHoldsState(value, field, "its entries have no names");
                Hide(value, field);
                break;
            default:
                Hide(value, field);
                break;
        }
    }

    private void Hide(object holder, Field field)
    {
        foreach (object state in HiddenState.In(holder)) (Hidden ??= []).Add((field.Info, holder.GetType(), state));
    }

    // Sorted, because the order of a hash table differs between processes.
    private static List<(string Key, object? Value)> InOrder(IDictionary dictionary)
    {
        var entries = new List<(string Key, object? Value)>(dictionary.Count);
        foreach (DictionaryEntry entry in dictionary) entries.Add(((string)entry.Key, entry.Value));
        if (IsUnordered(dictionary.GetType())) entries.Sort(static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return entries;
    }

    private static bool IsUnordered(Type type) =>
        type.Namespace is "System.Collections.Immutable" or "System.Collections.Frozen" or "System.Collections.Concurrent"
        && !(type.DeclaringType ?? type).Name.Contains("Sorted", StringComparison.Ordinal);

    private IEnumerable<(string Name, object Value)> Entries =>
        [.. Parameters.Select(entry => (entry.Name, (object)entry.Value)), .. Buffers.Select(entry => (entry.Name, (object)entry.Value)),
            .. Children.Select(entry => (entry.Name, (object)entry.Value))];

    private void CheckNames()
    {
        var values = new Dictionary<string, object>();
        foreach ((string name, object value) in Entries)
            if (!values.TryAdd(name, value) && !ReferenceEquals(values[name], value))
                throw Clash(name, Described(name, values[name]), Described(name, value));

        // A name with dots may collide with a name inside a child; beside a child without a name, any name may.
        foreach ((string name, object value) in Entries)
            for (int end = 0; end >= 0 && name.Length > 0; end = name.IndexOf('.', end + 1))
                if (values.TryGetValue(name[..end], out object? inner) && inner is Module child && child != value
                    && Find(child, end == 0 ? name : name[(end + 1)..], []) is { } found && found != value)
                    throw Clash(name, Described(name, value), $"{(end == 0 ? name : name[(end + 1)..])} in {Described(name[..end], child)}");
    }

    /// <summary>Finds the object that a module holds under a path; null if there is none.</summary>
    private static object? Find(Module module, string path, HashSet<(Module, string)> seen)
    {
        if (!seen.Add((module, path))) return null;
        ModuleMembers members = Read(module);
        foreach ((string name, object value) in members.Entries)
            if (name == path) return value;
        foreach ((string name, Module child) in members.Children)
            if ((name.Length == 0 || (path.StartsWith(name, StringComparison.Ordinal) && path[name.Length] == '.'))
                && Find(child, name.Length == 0 ? path : path[(name.Length + 1)..], seen) is { } found)
                return found;
        return null;
    }

    private ValueException Clash(string name, string first, string second) =>
        new($"{_module.TypeName}: two entries of the state would be called '{name}': {first}, and {second}; "
            + "give one of them another name with [Name(\"...\")], or another key");

    // The field that holds an entry, such as Base._fc.
    private string Described(string name, object value)
    {
        foreach (Field field in LayoutOf(_module).Fields)
        {
            var alone = new ModuleMembers(_module);
            alone.Add(field.Name, field.Info.GetValue(_module), field);
            if (alone.Entries.Any(entry => entry.Name == name && ReferenceEquals(entry.Value, value)))
                return $"the {Written(value.GetType())} in {Written(field.Info.DeclaringType!)}.{Written(field.Info)}"
                    + (field.Name == name ? "" : $" under '{name}'");
        }
        return $"a {Written(value.GetType())}";
    }

    // An ImmutableArray<T> field that was never set: its members throw, and only its hash code is 0.
    private static bool IsDefaultImmutableArray(IList list) =>
        list.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) && list.GetHashCode() == 0;


    /// <summary>Joins a prefix, which may be empty, and a name to a path.</summary>
    public static string Join(string prefix, string name) => prefix.Length == 0 ? name : name.Length == 0 ? prefix : $"{prefix}.{name}";

    // Skips containers of numbers and of structs of numbers.
    private static bool MayMatter(Type type) => !type.IsAssignableTo(typeof(Delegate))
        && (type.IsAssignableTo(typeof(Tensor)) || HiddenState.MayHold(type)
            || (type.IsArray && MayMatter(type.GetElementType()!)) || type.GenericTypeArguments.Any(MayMatter));

    private void ThrowIfItHoldsState(object container, Field field, string reason)
    {
        if (ElementTypes(container.GetType()).Any(IsState)) throw Unnamed(container, field, reason);
    }

    private ValueException Unnamed(object container, Field field, string reason)
    {
        string type = container.GetType().Name;
        return new ValueException($"{_module.TypeName}: the field {field.Info.Name} holds modules or parameters in a {type}, but {reason}; "
            + "use an array, a List<T>, a Dictionary<string, T>, ModuleList or ModuleDict, so that they have names in the state");
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A container that is enumerated anywhere keeps its IEnumerable<T>.")]
    private static IEnumerable<Type> ElementTypes(Type container) =>
        typeof(ITuple).IsAssignableFrom(container) ? container.GenericTypeArguments
        : container.GetInterfaces().Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IEnumerable<>))
        .Select(type => type.GenericTypeArguments[0]);

    private static bool IsState(Type type) =>
        type.IsAssignableTo(typeof(Module)) || type == typeof(Parameter) || type.GenericTypeArguments.Any(IsState)
            || (type.IsArray && IsState(type.GetElementType()!));

    // The compiler names a property's field <Name>k__BackingField, and the field of a captured parameter <name>P.
    public static string Written(FieldInfo info) => info.Name[0] == '<' ? info.Name[1..info.Name.IndexOf('>')] : info.Name;

    /// <summary>Returns a type's name without its type parameters.</summary>
    public static string Written(Type type) => type.Name.Split('`')[0];

    private sealed record Field(FieldInfo Info, string Name, bool IsBuffer, ParametrizationAttribute? Parametrization);

    /// <summary>
    /// The fields of a type. The name of every entry begins with its field's name; these are compared once for each type, so most types need no check
    /// for each module.
    /// </summary>
    private sealed record Layout(Field[] Fields)
    {
        public bool NamesMayClash { get; } =
            Fields.DistinctBy(field => field.Name).Count() < Fields.Length
                || Fields.Any(field => field.Name.Contains('.') || (field.Name.Length == 0 && Fields.Length > 1));
    }
}
