using System.Reflection;
using System.Text.Json;
using MiniTorch.Nn;
using Module = MiniTorch.Nn.Module;

namespace MiniTorch.Tests.Layers;

/// <summary>Makes layers from PyTorch's names: the arguments of a constructor are its own, written in C#.</summary>
internal static class LayerConstructor
{
    /// <summary>What every layer of ours may have besides.</summary>
    private static readonly string[] Ours = ["dtype", "generator"];

    public static Type Type(string layer) => typeof(Module).Assembly.GetType($"MiniTorch.Nn.{layer}", throwOnError: true)!;

    /// <summary>The arguments under PyTorch's names, without dtype and generator, which come last.</summary>
    public static ParameterInfo[] Arguments(string layer) =>
        [.. Type(layer).GetConstructors()[0].GetParameters().Where(parameter => !Ours.Contains(parameter.Name))];

    public static string Name(ParameterInfo parameter) => ModuleMembers.SnakeCase(parameter.Name!);

    public static Module Make(string layer, Dictionary<string, JsonElement> args, DType dtype, Generator? generator = null)
    {
        // Those of given parameters are ours only.
        ConstructorInfo[] candidates =
            [.. Type(layer).GetConstructors().Where(candidate => candidate.GetParameters().FirstOrDefault()?.ParameterType != typeof(Parameter))];
        bool single = args.TryGetValue("normalized_shape", out JsonElement shape) && shape.ValueKind == JsonValueKind.Number;
        ConstructorInfo constructor = candidates.First(candidate => candidates.Length == 1
            || candidate.GetParameters()[0].ParameterType == typeof(int) == single);
        ParameterInfo[] parameters = constructor.GetParameters();
        args.Keys.Except(parameters.Select(Name)).ShouldBeEmpty("arguments that the layer does not have");
        return (Module)constructor.Invoke(
            [.. parameters.Select(parameter => args.TryGetValue(Name(parameter), out JsonElement given)
                ? given.ValueKind == JsonValueKind.Object ? Made(given) : Value(given, parameter.ParameterType)
            : parameter.Name == "dtype" ? dtype : parameter.Name == "generator" ? generator : Default(parameter))]);

        Module Made(JsonElement inner) => Make(inner.GetProperty("layer").GetString()!,
            inner.GetProperty("args").Deserialize<Dictionary<string, JsonElement>>()!, dtype, generator);
    }

    /// <summary>The value of an argument that is left out.</summary>
    public static object? Default(ParameterInfo parameter) =>
        parameter.DefaultValue is null && parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType)
        : parameter.DefaultValue is int number && parameter.ParameterType.IsEnum ? Enum.ToObject(parameter.ParameterType, number)
        : parameter.DefaultValue;

    /// <summary>A Python value as a C# type that stands for it.</summary>
    public static object? Value(JsonElement given, Type type)
    {
        if (given.ValueKind == JsonValueKind.Null) return null;
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(ConvPadding))
            return given.ValueKind == JsonValueKind.String ? given.GetString() == "same" ? ConvPadding.Same : ConvPadding.Valid
                : (ConvPadding)(Pair)Value(given, typeof(Pair))!;
        if (type == typeof(Pair))
            return given.ValueKind == JsonValueKind.Number ? given.GetInt32() : new Pair(given[0].GetInt32(), given[1].GetInt32());
        if (type == typeof(Shape)) return Shape.Create(given.Deserialize<int[]>());
        if (type.IsEnum) return Enum.Parse(type, given.GetString()!, ignoreCase: true);
        return given.Deserialize(type);
    }
}
