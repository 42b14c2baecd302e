using System.Globalization;
using System.Text;

namespace MiniTorch.Nn;

public abstract partial class Module
{
    [ThreadStatic]
    private static HashSet<Module>? t_printed;

    /// <summary>The text in the parentheses after the type's name (torch.nn.Module.extra_repr).</summary>
    private protected virtual string Arguments => "";

    /// <summary>Formats the module as PyTorch does: the type and its arguments, and each submodule on lines of its own, indented.</summary>
    public override string ToString()
    {
        HashSet<Module> outer = t_printed ??= [];
        if (!outer.Add(this)) return $"{TypeName}(...)"; // it contains itself
        try
        {
            var text = new StringBuilder();
            foreach ((string name, Module child) in ModuleMembers.Of(this).Children)
                text.Append(CultureInfo.InvariantCulture, $"\n  ({name}): {child.ToString().Replace("\n", "\n  ", StringComparison.Ordinal)}");
            string arguments = Arguments;
            if (text.Length > 0 && arguments.Length > 0 && arguments[0] != '\n') arguments = $"\n  {arguments}";
            text.Insert(0, $"{TypeName}({arguments}");
            return text.Append(text.ToString().Contains('\n', StringComparison.Ordinal) ? "\n)" : ")").ToString();
        }
        catch (ValueException) // its members cannot be named; Parameters() throws with the reason
        {
            return $"{TypeName}(...)";
        }
        finally
        {
            outer.Remove(this);
        }
    }
}

/// <summary>Formats values as Python does.</summary>
internal static class PythonText
{
    public static string Of(bool value) => value ? "True" : "False";

    /// <summary>Formats a number: 1.0, 1e-05.</summary>
    public static string Of(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        return double.IsFinite(value) && !text.Contains('.', StringComparison.Ordinal) && !text.Contains('e', StringComparison.Ordinal) ? text + ".0"
            : text.Replace("infinity", "inf", StringComparison.Ordinal);
    }

    /// <summary>Formats a pair; one number if both are equal.</summary>
    public static string Of(Pair value) => value.Height == value.Width ? Of(value.Height) : value.ToString();

    public static string Of(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Formats a tuple: (2, 3), (2,).</summary>
    public static string Tuple(params ReadOnlySpan<int> values) =>
        values.Length == 1 ? $"({values[0]},)" : $"({string.Join(", ", values.ToArray())})";
}
