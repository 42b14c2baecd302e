using Microsoft.ML;

namespace MiniTorch.Data;

/// <summary>Copies ML.NET's rows to data sets and back.</summary>
/// <example><code>
/// Tensor x = Tensor.Rand([10, 2]), y = Tensor.Rand([10]);
/// Microsoft.ML.IDataView rows = new TensorDataset(x, y).ToDataView("Features", "Label");
/// TensorDataset data = rows.ToTensorDataset("Features", "Label");
/// </code></example>
public static class DataViews
{
    /// <summary>
    /// Copies columns to a data set with one tensor for each: [rows] for a number, a truth value or a key, [rows, size] for a vector of them.
    /// Integers become Int64; a key becomes its class index, from 0.
    /// </summary>
    /// <param name="data">The rows.</param>
    /// <param name="columns">The names of the columns, in the order of the data set's tensors.</param>
    /// <exception cref="ValueException">There is no such column, a vector has no fixed size, or a key is missing.</exception>
    /// <exception cref="DTypeException">A column holds something else, such as text; the message says which.</exception>
    public static TensorDataset ToTensorDataset(this IDataView data, params ReadOnlySpan<string> columns)
    {
        ArgumentNullException.ThrowIfNull(data);
        var schema = new DataViewSchema.Column[columns.Length];
        for (int i = 0; i < schema.Length; i++)
        {
            string name = columns[i];
            schema[i] = data.Schema.GetColumnOrNull(name)
                ?? throw new ValueException($"ToTensorDataset: there is no column '{name}'; the columns are "
                    + $"{string.Join(", ", data.Schema.Select(column => column.Name))}");
        }
        using DataViewRowCursor cursor = data.GetRowCursor(schema);
        ColumnReader[] readers = Array.ConvertAll(schema, column => ColumnReader.Of(cursor, column));
        while (cursor.MoveNext())
            foreach (ColumnReader reader in readers) reader.Read();
        return new TensorDataset(Array.ConvertAll(readers, reader => reader.ToTensor()));
    }

    /// <summary>
    /// Returns the tensors of a data set as columns: a number or truth value for a tensor [rows], a vector for [rows, …] with the other dimensions in
    /// one. ML.NET reads the tensors themselves, so later changes show.
    /// </summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="columns">A name for each tensor.</param>
    /// <exception cref="ValueException">There are not as many names as tensors.</exception>
    public static IDataView ToDataView(this TensorDataset dataset, params string[] columns)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.Length != dataset.Tensors.Count)
            throw new ValueException($"ToDataView: {columns.Length} names for {dataset.Tensors.Count} tensors; give each a name");
        return new TensorDataView(dataset, columns);
    }
}
