using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using MiniTorch.Nn;
using MiniTorch.Optim;
using Module = MiniTorch.Nn.Module;

namespace MiniTorch.Tests.Docs;

/// <summary>docs/reference/names.md pairs every public name with PyTorch's; it is generated from both lists of names.</summary>
internal sealed partial class PortingTests
{
    /// <summary>Names that the rule (the same letters, without capitals and underscores) does not find.</summary>
    private static readonly Dictionary<string, string> s_renamed = new()
    {
        ["Tensor.From"] = "torch.tensor",
        ["Tensor.Item"] = "torch.Tensor.item",
        ["Tensor.ToArray"] = "torch.Tensor.tolist",
        ["Tensor.CopyTo"] = "torch.Tensor.numpy",
        ["Tensor.RmsNorm"] = "",
        ["Tensor.FillInPlace"] = "torch.Tensor.fill_",
        ["Init.TruncatedNormal"] = "torch.nn.init.trunc_normal_",
        ["Init.Gain"] = "torch.nn.init.calculate_gain",
        ["ClipGrad.Norm"] = "torch.nn.utils.clip_grad_norm_",
        ["ClipGrad.Value"] = "torch.nn.utils.clip_grad_value_",
        ["Autograd.NoGrad"] = "torch.no_grad",
        ["Autograd.EnableGrad"] = "torch.enable_grad",
        ["Autograd.DetectAnomaly"] = "torch.autograd.detect_anomaly",
        ["Autograd.Grad"] = "torch.autograd.grad",
        ["GradCheck.Run"] = "torch.autograd.gradcheck",
        ["Module.RequireGrad"] = "torch.nn.Module.requires_grad_",
        ["Module.RegisterBackwardHook"] = "torch.nn.Module.register_full_backward_hook",
        ["Generator.Reseed"] = "torch.Generator.manual_seed",
        ["Generator.FillUniform"] = "torch.Tensor.uniform_",
        ["Generator.FillNormal"] = "torch.Tensor.normal_",
        ["Generator.FillTruncatedNormal"] = "torch.nn.init.trunc_normal_",
        ["Generator.FillBernoulli"] = "torch.Tensor.bernoulli_",
        ["Generator.FillExponential"] = "torch.Tensor.exponential_",
        ["Generator.FillRandInt"] = "torch.Tensor.random_",
        ["Generator.FillRandPerm"] = "torch.randperm",
        ["Generator.FillMultinomial"] = "torch.multinomial",
    };

    private static readonly string[] s_torchNames =
        File.ReadAllLines(Path.Combine(RepositoryFiles.Root, "MiniTorch.Tests", "Docs", "torch-names.txt"));

    private static readonly Dictionary<(string Home, string Letters), string> s_byLetters = s_torchNames.GroupBy(name => (Home(name), Letters(name)))
        .ToDictionary(group => group.Key, group => group.First());

    private static readonly (string Name, string Key)[] s_operators =
    [
        ("x + y", "add"), ("x - y", "sub"), ("x * y", "mul"), ("x / y", "div"), ("x % y", "remainder"), ("-x", "neg"), ("x < y", "lt"),
            ("x <= y", "le"), ("x > y", "gt"), ("x >= y", "ge"),
    ];

    private static readonly (string Title, string[] Homes, (string Name, string Key)[] Names)[] s_groups =
    [
        ("Operators", ["torch"], s_operators),
        ("Tensors", ["torch.Tensor", "torch", "torch.nn.functional", "torch.special"],
            [.. Methods("Tensor", typeof(Tensor)), .. Properties("Tensor", typeof(Tensor), ["torch.Tensor"])]),
        ("Linear algebra", ["torch.linalg", "torch"], Methods("Linalg", typeof(Linalg))),
        ("Differentiation", ["torch.autograd.functional", "torch.autograd"],
            [.. Methods("Autograd", typeof(Autograd)), .. Methods("GradCheck", typeof(GradCheck))]),
        ("Random numbers", ["torch.Generator", "torch"], Methods("Generator", typeof(Generator))),
        ("Modules", ["torch.nn.Module"], [.. Methods("Module", typeof(Module)), .. Properties("Module", typeof(Module), ["torch.nn.Module"])]),
        ("Layers and losses", ["torch.nn", "torch.nn.parameter"], [.. Classes(typeof(Module)), .. Classes(typeof(Parameter))]),
        ("Functions", ["torch.nn.functional"], Methods("Functional", typeof(Functional))),
        ("Initialisers", ["torch.nn.init"], Methods("Init", typeof(Init))),
        ("Optimisers", ["torch.optim", "torch.nn.utils"], [.. Classes(typeof(Optimizer)), .. Methods("ClipGrad", typeof(ClipGrad))]),
        ("Schedules", ["torch.optim.lr_scheduler"], Classes(typeof(LRScheduler))),
        ("Data", ["torch.utils.data"], [.. Classes(typeof(object), "MiniTorch.Data"), .. Methods("Dataset", typeof(MiniTorch.Data.Dataset))]),
    ];

    [Test]
    public void The_guide_pairs_every_name_with_PyTorchs() => GeneratedPage.ShouldBe("docs/reference/names.md", Document());

    [Test]
    public void Every_renamed_name_exists_on_both_sides()
    {
        string[] ours = [.. s_groups.SelectMany(group => group.Names.Select(name => name.Key))];
        foreach ((string key, string torch) in s_renamed)
        {
            ours.ShouldContain(key);
            if (torch.Length > 0) s_torchNames.ShouldContain(torch);
        }
    }

    private static string Document()
    {
        var text = new StringBuilder("# PyTorch's names and MiniTorch's\n\nGenerated from the public methods and classes here and from the names "
            + "of PyTorch 1.13.1. ")
            .Append("A dash means that PyTorch 1.13.1 has nothing of that name. What behaves differently is listed in [porting](../how-to/porting.md).\n");
        foreach ((string title, string[] homes, (string Name, string Key)[] names) in s_groups)
        {
            text.Append("\n## ").Append(title).Append("\n\n| PyTorch | MiniTorch |\n| --- | --- |\n");
            foreach ((string name, string key) in names.OrderBy(name => name.Name, StringComparer.Ordinal))
                text.Append("| ").Append(Torch(key, homes) is { } torch ? $"`{torch}`" : "–").Append(" | `").Append(name).Append("` |\n");
        }
        return text.ToString();
    }

    private static string? Torch(string key, string[] homes)
    {
        if (s_renamed.TryGetValue(key, out string? renamed)) return renamed.Length == 0 ? null : renamed;
        string letters = Letters(key).Replace("inplace", "_", StringComparison.Ordinal);
        foreach (string ending in homes.Contains("torch.nn.init") ? new[] { "_", "" } : [""])
            foreach (string home in homes)
                if (s_byLetters.TryGetValue((home, letters + ending), out string? torch)) return torch;
        return null;
    }

    private static string Home(string name) => name[..name.LastIndexOf('.')];

    // The last part without capitals and underscores, but for the underscore at the end that marks writing.
    private static string Letters(string name)
    {
        string last = name[(name.LastIndexOf('.') + 1)..];
        return Underscore().Replace(last, "").ToLowerInvariant();
    }

    private static (string Name, string Key)[] Methods(string owner, Type type) =>
    [
        .. type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(method => !method.IsSpecialName && method.GetBaseDefinition().DeclaringType == type
            && method.Name is not ("FromCollection" or "GetEnumerator" or "ToString"))
            .Select(method => (Name: (method.IsStatic ? $"{owner}." : owner == "Tensor" ? "x." : $"{owner.ToLowerInvariant()}.") + method.Name,
            Key: $"{owner}.{method.Name}")).Distinct(),
    ];

    // Those that PyTorch has; what else a type can tell is in the reference.
    private static (string Name, string Key)[] Properties(string owner, Type type, string[] homes) =>
        [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(property => Torch(property.Name, homes) is not null)
            .Select(property => ($"{(owner == "Tensor" ? "x" : owner.ToLowerInvariant())}.{property.Name}", $"{owner}.{property.Name}"))];

    // A base that PyTorch does not have by that name is no counterpart of anything.
    private static (string Name, string Key)[] Classes(Type kind, string? space = null) =>
        [.. typeof(Module).Assembly.GetExportedTypes()
            .Where(type => kind.IsAssignableFrom(type) && type.IsClass && (space is null || type.Namespace == space)
            && !typeof(Delegate).IsAssignableFrom(type)
            && ((!type.IsAbstract && !type.IsGenericTypeDefinition)
            || s_torchNames.Any(name => name.EndsWith("." + Plain(type), StringComparison.Ordinal))))
            .Select(type => (Plain(type) + (type.IsGenericTypeDefinition ? "<T>" : ""), Plain(type))).Distinct()];

    private static string Plain(Type type) => type.Name.Split('`')[0];

    [GeneratedRegex("_(?=.)")]
    private static partial Regex Underscore();
}
