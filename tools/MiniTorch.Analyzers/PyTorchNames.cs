using Microsoft.CodeAnalysis;

namespace MiniTorch.Analyzers;

/// <summary>What a name of PyTorch is here: C# code that does the same, or why there is none.</summary>
/// <param name="Torch">PyTorch's full name.</param>
/// <param name="Code">An example, in which <c>x</c> or <see cref="PyTorchNames.Receiver"/> stands for the first argument; null if there is
/// none.</param>
/// <param name="Parameters">What the example's other variables stand for, in the order of PyTorch's arguments; null if both take the same
/// ones.</param>
/// <param name="Reason">Why there is no such thing; null if there is.</param>
/// <param name="Member">The member of the same name; null if a line of the table answers.</param>
/// <param name="Overrides">Whether a line of the table answers although there is a member of the same name.</param>
internal sealed record PyTorchName(string Torch, string? Code, string[]? Parameters, string? Reason, ISymbol? Member, bool Overrides = false);

/// <summary>
/// Finds what PyTorch's names are called here. The rule is: the same letters, whatever their case, and an underscore at the end is InPlace.
/// PyTorchNames.txt has what the rule does not find. Messages, fixes and the page of names are made from both.
/// </summary>
internal sealed class PyTorchNames
{
    /// <summary>Where a module's names may also be found, in order.</summary>
    private static readonly Dictionary<string, string[]> s_also = new()
    {
        ["torch"] = ["torch.Tensor", "torch.nn.functional", "torch.linalg"],
        ["torch.Tensor"] = ["torch", "torch.nn.functional", "torch.linalg"],
        ["torch.nn.functional"] = ["torch", "torch.Tensor"],
        ["torch.special"] = ["torch", "torch.Tensor"],
        ["torch.linalg"] = ["torch", "torch.Tensor"],
        ["torch.nn.utils.rnn"] = ["torch.nn.functional"],
        ["torch.autograd.functional"] = ["torch.autograd"],
        ["torch.func"] = ["torch.autograd"],
    };

    /// <summary>The types whose members have a module's names; of a name that ends in a dot, the types of that namespace.</summary>
    private static readonly Dictionary<string, string[]> s_types = new()
    {
        ["torch"] = ["MiniTorch.Tensor", "MiniTorch.Linalg", "MiniTorch.Nn.Functional", "MiniTorch.Autograd", "MiniTorch.Generator"],
        ["torch.Tensor"] = ["MiniTorch.Tensor", "MiniTorch.Linalg", "MiniTorch.Nn.Functional"],
        ["torch.special"] = ["MiniTorch.Tensor"],
        ["torch.linalg"] = ["MiniTorch.Linalg", "MiniTorch.Tensor"],
        ["torch.Generator"] = ["MiniTorch.Generator"],
        ["torch.autograd"] = ["MiniTorch.Autograd"],
        ["torch.autograd.functional"] = ["MiniTorch.Autograd"],
        ["torch.func"] = ["MiniTorch.Autograd"],
        ["torch.nn"] = ["MiniTorch.Nn."],
        ["torch.nn.Module"] = ["MiniTorch.Nn.Module"],
        ["torch.nn.functional"] = ["MiniTorch.Nn.Functional", "MiniTorch.Tensor"],
        ["torch.nn.init"] = ["MiniTorch.Nn.Init"],
        ["torch.nn.utils"] = ["MiniTorch.Nn.Functional", "MiniTorch.Nn.Parametrize"],
        ["torch.nn.utils.parametrizations"] = ["MiniTorch.Nn.Parametrize"],
        ["torch.utils.checkpoint"] = ["MiniTorch.Autograd"],
        ["torch.nn.utils.rnn"] = ["MiniTorch.Nn.Functional", "MiniTorch.Tensor"],
        ["torch.optim"] = ["MiniTorch.Optim."],
        ["torch.optim.Optimizer"] = ["MiniTorch.Optim.Optimizer"],
        ["torch.optim.lr_scheduler"] = ["MiniTorch.Optim."],
        ["torch.optim.lr_scheduler.LRScheduler"] = ["MiniTorch.Optim.LRScheduler"],
        ["torch.distributions"] = ["MiniTorch.Distributions.", "MiniTorch.Distributions.Distribution"],
        ["torch.distributions.Distribution"] = ["MiniTorch.Distributions.Distribution"],
        ["torch.utils.data"] = ["MiniTorch.Data."],
    };

    private static readonly Dictionary<(string Home, string Letters), PyTorchName> s_lines = [];

    // Lines whose name ends in a star.
    private static readonly List<PyTorchName> s_families = [];

    private readonly Compilation _compilation;

    static PyTorchNames()
    {
        using Stream table = typeof(PyTorchNames).Assembly.GetManifestResourceStream("PyTorchNames.txt")!;
        using var reader = new StreamReader(table);
        var reasons = new Dictionary<string, string>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#') continue;
            if (Split(line, " means: ") is var (key, text)) reasons.Add(key, text);
            else if (Split(line, " := ") is var (other, instead)) Add(Named(other, instead) with { Overrides = true });
            else if (Split(line, " = ") is var (name, code)) Add(Named(name, code));
            else if ((Split(line, " ! ") ?? Split(line, " !! ")) is var (names, reason))
                foreach (string absent in names.Split(' ')) Add(new PyTorchName(absent, null, null, reasons[reason], null, line.Contains("!!")));
        }
    }

    public PyTorchNames(Compilation compilation)
    {
        _compilation = compilation;
    }

    /// <summary>The lines of the table.</summary>
    public static IEnumerable<PyTorchName> Lines => s_lines.Values;

    /// <summary>The variable that stands for what a method is called on.</summary>
    public static string Receiver(string torch) => Home(torch) switch
    {
        "torch.nn.Module" => "model",
        "torch.optim.Optimizer" => "optimizer",
        "torch.optim.lr_scheduler.LRScheduler" => "scheduler",
        "torch.distributions.Distribution" => "distribution",
        "torch.Generator" => "generator",
        _ => "x",
    };

    /// <summary>What a name is called here; null if neither the rule nor the table knows it.</summary>
    /// <param name="home">PyTorch's module or class.</param>
    /// <param name="name">PyTorch's name in it, or what somebody made of it.</param>
    public PyTorchName? Find(string home, string name)
    {
        string letters = Letters(name);
        if (s_lines.TryGetValue((home, letters), out PyTorchName? line) && line.Overrides) return line;
        if (ByRule(home, name) is { } member) return new PyTorchName($"{home}.{name}", Example(member), null, null, member);
        if (line is not null) return line;
        if (s_families.Find(family => $"{home}.{name}".StartsWith(family.Torch, StringComparison.Ordinal)) is { } family) return family;
        foreach (string other in s_also.TryGetValue(home, out string[]? also) ? also : [])
            if (s_lines.TryGetValue((other, letters), out line)) return line;
        // What is written in place there makes a new tensor here.
        return Ends(letters, '_') && home is "torch.Tensor" or "torch" or "torch.nn.functional"
            && Find(home, name.TrimEnd('_')) is { } plain
            ? plain with { Torch = $"{home}.{name}", Code = plain.Code is null ? null : $"x = {plain.Code}" }
            : null;
    }

    /// <summary>The member or type of the same letters; null if there is none.</summary>
    public ISymbol? ByRule(string home, string name)
    {
        string letters = Letters(name);
        if (home == "torch.nn.init") letters = letters.TrimEnd('_');
        foreach (string type in s_types.TryGetValue(home, out string[]? types) ? types : [])
        {
            INamespaceOrTypeSymbol? place = Ends(type, '.')
                ? Namespace(type.TrimEnd('.')) : _compilation.GetTypeByMetadataName(type);
            for (; place is not null; place = (place as ITypeSymbol)?.BaseType)
                if (place.GetMembers().Where(member => Letters(member.Name) == letters && IsPublic(member))
                    .OrderBy(member => member.IsStatic == (home == "torch.Tensor")).FirstOrDefault() is { } found) return found;
        }
        return null;
    }

    /// <summary>A name's last part without capitals and underscores; one at the end, which marks writing in place, stays.</summary>
    public static string Letters(string name)
    {
        if (name.StartsWith("__", StringComparison.Ordinal)) return name;
        string letters = name.Replace("_", "").ToLowerInvariant();
        if (letters.EndsWith("inplace", StringComparison.Ordinal)) return letters.Replace("inplace", "_");
        return Ends(name, '_') ? letters + "_" : letters;
    }

    /// <summary>The module or class that a full name is in.</summary>
    public static string Home(string name) => name.Substring(0, Math.Max(name.LastIndexOf('.'), 0));

    // The first overload shows what is needed.
    private static string Example(ISymbol member)
    {
        string type = member.ContainingType?.Name ?? "";
        string start = member.IsStatic ? $"{type}." : type switch
        {
            "Module" => "model.",
            "Optimizer" => "optimizer.",
            "LRScheduler" => "scheduler.",
            "Distribution" => "distribution.",
            "Generator" => "generator.",
            _ => "x.",
        };
        return member switch
        {
            INamedTypeSymbol { IsAbstract: true } or INamedTypeSymbol { IsStatic: true } => member.Name,
            INamedTypeSymbol made => $"new {made.Name}({Needed(made.InstanceConstructors.FirstOrDefault(IsPublic))})",
            IMethodSymbol method => $"{start}{method.Name}({Needed(method)})",
            _ => start + member.Name,
        };
    }

    // What a function of tensors takes first is what PyTorch's method is called on.
    private static string Needed(IMethodSymbol? method)
    {
        if (method is null) return "";
        string[] names = [.. method.Parameters.Where(parameter => !parameter.IsOptional).Select(parameter => parameter.Name)];
        if (method.ContainingType.Name is "Linalg" or "Functional" && names.Length > 0 && method.Parameters[0].Type.Name == "Tensor") names[0] = "x";
        return string.Join(", ", names);
    }

    private static bool IsPublic(ISymbol symbol) => symbol.DeclaredAccessibility == Accessibility.Public && symbol.CanBeReferencedByName
        || symbol is IMethodSymbol { MethodKind: MethodKind.Constructor, DeclaredAccessibility: Accessibility.Public };

    private INamespaceSymbol? Namespace(string name)
    {
        INamespaceSymbol? space = _compilation.GlobalNamespace;
        foreach (string part in name.Split('.')) space = space?.GetNamespaceMembers().FirstOrDefault(member => member.Name == part);
        return space;
    }

    private static bool Ends(string text, char last) => text.Length > 0 && text[text.Length - 1] == last;

    private static PyTorchName Named(string name, string code)
    {
        int open = name.IndexOf('(');
        string torch = open < 0 ? name : name.Substring(0, open);
        string[]? parameters = open < 0 ? null
            : name.Substring(open + 1, name.Length - open - 2).Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
        return new PyTorchName(torch, code, parameters, null, null);
    }

    private static void Add(PyTorchName line)
    {
        if (Ends(line.Torch, '*')) s_families.Add(line with { Torch = line.Torch.TrimEnd('*') });
        else s_lines.Add((Home(line.Torch), Letters(line.Torch.Substring(Home(line.Torch).Length + 1))), line);
    }

    private static (string Left, string Right)? Split(string line, string separator)
    {
        int at = line.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? null : (line.Substring(0, at).Trim(), line.Substring(at + separator.Length).Trim());
    }
}
