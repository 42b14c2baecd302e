using System.Globalization;
using System.Text;

namespace MiniTorch.Nn;

public abstract partial class Module
{
    [ThreadStatic]
    private static HashSet<Module>? t_printed;

    /// <summary>What stands in the parentheses behind the type's name (extra_repr).</summary>
    private protected virtual string Arguments => "";

    /// <summary>As PyTorch prints it: the type and its arguments, and each module inside on lines of its own, indented.</summary>
    public override string ToString()
    {
        HashSet<Module> outer = t_printed ??= [];
        if (!outer.Add(this)) return $"{TypeName}(...)"; // inside itself
        try
        {
            var text = new StringBuilder($"{TypeName}({Arguments}");
            foreach ((string name, Module child) in ModuleMembers.Of(this).Children)
                text.Append(CultureInfo.InvariantCulture, $"\n  ({name}): {child.ToString().Replace("\n", "\n  ", StringComparison.Ordinal)}");
            return text.Append(text.ToString().Contains('\n', StringComparison.Ordinal) ? "\n)" : ")").ToString();
        }
        catch (ValueException) // its members cannot be named: Parameters() says why
        {
            return $"{TypeName}(...)";
        }
        finally
        {
            outer.Remove(this);
        }
    }
}

/// <summary>Values as Python writes them.</summary>
internal static class PythonText
{
    public static string Of(bool value) => value ? "True" : "False";

    /// <summary>1.0, 1e-05.</summary>
    public static string Of(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        return double.IsFinite(value) && !text.Contains('.', StringComparison.Ordinal) && !text.Contains('e', StringComparison.Ordinal) ? text + ".0"
            : text.Replace("infinity", "inf", StringComparison.Ordinal);
    }

    /// <summary>One number for two equal ones.</summary>
    public static string Of(Pair value) => value.Height == value.Width ? Of(value.Height) : value.ToString();

    public static string Of(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>(2, 3), (2,).</summary>
    public static string Tuple(params ReadOnlySpan<int> values) =>
        values.Length == 1 ? $"({values[0]},)" : $"({string.Join(", ", values.ToArray())})";
}
