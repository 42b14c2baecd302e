using System.Globalization;

namespace MiniTorch.IO;

/// <summary>Formats numbers, strings and booleans for a checkpoint's metadata: a kind and the value, such as <c>integer:7</c>.</summary>
internal static class CheckpointValue
{
    /// <summary>Whether a value can be stored.</summary>
    public static bool CanHold(object value) => value is bool or int or long or float or double or string;

    public static string Format(object value) => $"{Kind(value.GetType())}:{(value switch
    {
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    })}";

    /// <summary>Parses a value in the type of the one that it replaces; null if it is of another kind or does not fit.</summary>
    public static object? Parse(string text, Type type)
    {
        string kind = Kind(type) + ':';
        if (!text.StartsWith(kind, StringComparison.Ordinal)) return null;
        text = text[kind.Length..];
        CultureInfo invariant = CultureInfo.InvariantCulture;
        if (type == typeof(string)) return text;
        if (type == typeof(bool)) return bool.TryParse(text, out bool flag) ? flag : null;
        if (type == typeof(int)) return int.TryParse(text, NumberStyles.AllowLeadingSign, invariant, out int small) ? small : null;
        if (type == typeof(long)) return long.TryParse(text, NumberStyles.AllowLeadingSign, invariant, out long large) ? large : null;
        if (type == typeof(float)) return float.TryParse(text, NumberStyles.Float, invariant, out float single) ? single : null;
        return double.TryParse(text, NumberStyles.Float, invariant, out double real) ? real : null;
    }

    private static string Kind(Type type) =>
        type == typeof(string) ? "text" : type == typeof(bool) ? "truth" : type == typeof(int) || type == typeof(long) ? "integer" : "real";
}
