using System.Globalization;
using System.Reflection;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Modules;

/// <summary>An argument of a module's constructors, for a guide's table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Default">Its default; <see cref="DBNull"/> if it must be given.</param>
public sealed record ConstructorArgument(string Name, object? Default)
{
    public bool IsRequired => Default is DBNull;

    /// <summary>All arguments of all constructors; the properties of an options record count as arguments.</summary>
    public static IReadOnlyList<ConstructorArgument> Of(Type module) =>
    [
        .. from constructor in module.GetConstructors()
           from parameter in constructor.GetParameters()
           from argument in parameter.ParameterType == typeof(CrossEntropyOptions)
               ? OptionsOf(parameter.ParameterType) : [new(parameter.Name!, DefaultOf(parameter))]
           group argument by argument.Name into found
           select found.First(),
    ];

    /// <summary>The name and the default: <c>gamma 2</c>; false and null are not written.</summary>
    public override string ToString() => Default switch
    {
        true => $"{Name} true",
        Enum choice => $"{Name} {choice}",
        int or double => string.Create(CultureInfo.InvariantCulture, $"{Name} {Default}").Replace("E-0", "e-", StringComparison.Ordinal),
        _ => Name,
    };

    private static IEnumerable<ConstructorArgument> OptionsOf(Type options)
    {
        object defaults = Activator.CreateInstance(options)!;
        return options.GetProperties().Select(property =>
            new ConstructorArgument($"{char.ToLowerInvariant(property.Name[0])}{property.Name[1..]}", property.GetValue(defaults)));
    }

    private static object? DefaultOf(ParameterInfo parameter) =>
        parameter.ParameterType.IsEnum && parameter.DefaultValue is int number
            ? Enum.ToObject(parameter.ParameterType, number) : parameter.DefaultValue;
}
